# SPDX-License-Identifier: GPL-2.0
"""What make check-unchanged takes for the same code."""

import unittest

import unchanged

ASM = """
	.section	.rodata.str1.1,"aMS",@progbits,1
.LC3:
	.string	"one # two"
	.text
	.p2align 4
	.type	first, @function
first:
	movl	$.LC3, %eax	# tmp84,
	testl	%eax, %eax	# <retval>
	je	.L7
	call	helper.constprop.4
# mm/some.c:12: 	return 0;
.L7:
	movb	$1, __warned.17(%rip)
	ret
	.size	first, .-first
	.type	data, @object
	.size	data, 4
data:
	.long	1
	.type	second, @function
second:
	ret
	.size	second, .-second
"""


def key(*names):
    return {("mm/some", name) for name in names}


class UnchangedTest(unittest.TestCase):
    def compare(self, text, other="mm/some"):
        return unchanged.compare({"mm/some": unchanged.functions(ASM)},
                                 {other: unchanged.functions(text)})

    def test_functions(self):
        found = unchanged.functions(ASM)
        self.assertEqual(sorted(found), ["first", "second"])
        self.assertIn('\tmovl\t$\t.string\t"one # two"\n, %eax', found["first"][0])
        self.assertIn("\ttestl\t%eax, %eax", found["first"][0])
        self.assertIn("\tcall\thelper.constprop", found["first"][0])
        self.assertEqual(found["second"], [["\tret"]])

    def test_numbers(self):
        text = ASM.replace(".LC3", ".LC9").replace(".L7", ".L12").replace(".17", ".18")
        self.assertEqual(self.compare(text), (set(), set(), set()))
        self.assertEqual(self.compare(text.replace("one", "1")), (set(), set(), key("first")))

    def test_differ(self):
        self.assertEqual(self.compare(ASM.replace("je", "jne")), (set(), set(), key("first")))
        gone = ASM[:ASM.index("\t.type\tsecond")]
        self.assertEqual(self.compare(gone), (set(), set(), key("second")))

    def test_reordered(self):
        text = ASM.replace('\tcall\thelper.constprop.4\n', "").replace(
            "\tret\n\t.size\tfirst", "\tret\n.L8:\n\tcall\thelper.constprop.4\n\tjmp\t.L7\n"
            "\t.size\tfirst")
        self.assertEqual(self.compare(text), (set(), key("first"), set()))

    def test_moved(self):
        moved = self.compare(ASM, "mm/other")[0]
        self.assertEqual(moved, key("first", "second") | {("mm/other", "first"),
                                                          ("mm/other", "second")})


if __name__ == "__main__":
    unittest.main()
