using System.Runtime.InteropServices;

namespace WanSharp.Tensors;

/// <summary>Zeroed native memory, aligned to a cache line, freed with the handle.</summary>
internal sealed unsafe class AlignedMemory : SafeBuffer
{
    private const nuint Alignment = 64;

    private static long _live;

    /// <summary>How many there are in the process: a test that compares it finds tensors that nobody disposed.</summary>
    public static long Live => Interlocked.Read(ref _live);

    public AlignedMemory(long byteLength)
        : base(ownsHandle: true)
    {
        var memory = HugePages.Allocate((nuint)Math.Max(byteLength, 1), Alignment);
        NativeMemory.Clear(memory, (nuint)byteLength);
        SetHandle((nint)memory);
        Initialize((ulong)byteLength);
        Interlocked.Increment(ref _live);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        Interlocked.Decrement(ref _live);
        return true;
    }
}
