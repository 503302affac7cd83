using System.Runtime.InteropServices;

namespace WanSharp.Tensors;

/// <summary>Zeroed native memory, aligned to a cache line, freed with the handle.</summary>
internal sealed unsafe class AlignedMemory : SafeBuffer
{
    private const nuint Alignment = 64;

    public AlignedMemory(long byteLength)
        : base(ownsHandle: true)
    {
        var memory = HugePages.Allocate((nuint)Math.Max(byteLength, 1), Alignment);
        NativeMemory.Clear(memory, (nuint)byteLength);
        SetHandle((nint)memory);
        Initialize((ulong)byteLength);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
