using System.Runtime.InteropServices;

namespace WanSharp.Tensors.Tests;

public sealed class HugePagesTests
{
    private const nuint CacheLine = 64;
    private const nuint LargePage = 2 << 20;

    [Fact]
    public unsafe void Allocate_OfManyBytes_BeginsAtALargePage()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems give no large pages on advice.");
        var memory = HugePages.Allocate((3 * LargePage) + 1, CacheLine);
        try
        {
            Assert.Equal((nuint)0, (nuint)memory % LargePage);
            ((byte*)memory)[3 * LargePage] = 1; // beyond the last whole page
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [Fact]
    public unsafe void Allocate_OfFewBytes_IsAlignedAsAsked()
    {
        var memory = HugePages.Allocate(1, CacheLine);
        try
        {
            Assert.Equal((nuint)0, (nuint)memory % CacheLine);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
