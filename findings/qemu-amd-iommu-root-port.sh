#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU's AMD IOMMU translates for the wrong device what comes from behind a PCIe
# root port: DMA does not arrive, and nothing says why.
#
# Versions: Debian 12, qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3 (QEMU 7.2.22),
#           linux-image amd64 6.1.192-3, busybox-static 1:1.35.0-4+deb12u1+b1.
# Expected: an NVMe disk behind a pcie-root-port can be read with "-device
#           amd-iommu", as it can with "-device intel-iommu".
# Seen:     it cannot: the driver sets the queues up, its first command ends in a
#           timeout, there is no disk. On the bus of the host bridge (bus=pcie.0)
#           the disk is there; behind the port it is with intel-iommu, without an
#           IOMMU, and with Linux's iommu=pt.
# Why, as far as it can be told from outside: QEMU notes the number of a device's
#           bus when the device is made. That of a bus behind a bridge is given
#           later, by the firmware or Linux.
# This script fails if that is not so any more: 1 says it changed, 2 says that the
# set-up went wrong.
set -eu

QEMU=1:7.2+dfsg-7+deb12u18+b3
BUSYBOX=1:1.35.0-4+deb12u1+b1
KERNEL=6.1.192-3
SECONDS_OF_GUEST=25

trouble() {
	echo "set-up: $*" >&2
	exit 2
}

dir=$(mktemp -d) || trouble "no temporary folder"
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM
cd "$dir"

# The kernel and busybox are unpacked, QEMU needs its libraries installed.
[ "$(dpkg-query -W -f '${Version}' qemu-system-x86 2>/dev/null)" = "$QEMU" ] ||
	apt-get install -q -y --no-install-recommends "qemu-system-x86=$QEMU" >/dev/null ||
	trouble "qemu-system-x86 $QEMU cannot be installed"
command -v cpio >/dev/null || trouble "cpio is missing"
image=$(apt-cache depends "linux-image-amd64=$KERNEL" |
	sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
apt-get download -q "$image=$KERNEL" "busybox-static=$BUSYBOX" >/dev/null ||
	trouble "$image $KERNEL or busybox-static $BUSYBOX cannot be fetched"
for deb in *.deb; do
	dpkg-deb -x "$deb" root
done
release=${image#linux-image-}
root/bin/busybox depmod -b root "$release" || trouble "depmod failed"

mkdir -p initrd/bin initrd/proc initrd/sys initrd/dev initrd/lib/modules
cp root/bin/busybox initrd/bin/
tree=root/lib/modules/$release
for file in $(grep -h "/nvme.ko:" "$tree/modules.dep" | tr -d :); do
	mkdir -p "initrd/lib/modules/$release/$(dirname "$file")"
	cp "$tree/$file" "initrd/lib/modules/$release/$file"
done
cp "$tree"/modules.dep initrd/lib/modules/"$release"/
cat > initrd/init <<END
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc
\$b mount -t sysfs sysfs /sys
\$b mount -t devtmpfs dev /dev
\$b modprobe nvme
for i in \$(\$b seq $SECONDS_OF_GUEST); do
	[ -b /dev/nvme0n1 ] && break
	\$b sleep 1
done
echo "result: \$(\$b head -c 11 /dev/nvme0n1 2>/dev/null || echo none) \$(\$b cat /sys/class/nvme/nvme0/device/iommu_group/type 2>/dev/null || echo -)" > /dev/ttyS0
\$b poweroff -f
END
chmod +x initrd/init
(cd initrd && find . | cpio -o -H newc --quiet) > initrd.img
printf 'hello world' > disk.img
truncate -s 16M disk.img

# boot APPEND DEVICE...: what the guest read
boot() {
	append=$1
	shift
	timeout 300 qemu-system-x86_64 -M q35 -cpu EPYC -m 512 -nodefaults -display none \
		-no-reboot -kernel "root/boot/vmlinuz-$release" -initrd initrd.img \
		-append "console=ttyS0 quiet panic=-1 $append" -serial stdio \
		-drive file=disk.img,format=raw,if=none,id=disk "$@" 2>/dev/null |
		tr -d '\r' | sed -n 's/^.*result: //p'
}

port="-device pcie-root-port,id=rp0,chassis=1 -device nvme,drive=disk,serial=1,bus=rp0"
fail=0
# expect WHAT APPEND DEVICE...
expect() {
	want=$1
	shift
	got=$(boot "$@")
	echo "$got: $*"
	[ "$got" = "$want" ] || fail=1
}
expect "hello world -" "" $port
expect "hello world DMA" "intel_iommu=on iommu.strict=1" -device intel-iommu $port
expect "hello world DMA" "iommu.strict=1" -device amd-iommu \
	-device nvme,drive=disk,serial=1,bus=pcie.0
expect "hello world identity" "iommu=pt" -device amd-iommu $port
# Without the disk there is no driver whose way to it could be told.
expect "none -" "iommu.strict=1" -device amd-iommu $port
[ $fail = 0 ] || { echo "changed, see above"; exit 1; }
