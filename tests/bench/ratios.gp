# SPDX-License-Identifier: GPL-2.0
# A bar for each operation: how much it costs to how much it did. Called by bench.py with
# "data", lines of name and ratio, and "title".
set terminal svg size 720,640 font "sans,11" background "white"
set title title
set datafile separator whitespace
set style fill solid 0.6
set yrange [] reverse
set xrange [0:*]
set grid xtics
set ytics scale 0
unset key
set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 front
plot data using ($2 / 2):0:($2 / 2):(0.35):ytic(1) with boxxyerror
