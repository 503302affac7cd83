using System.Runtime.InteropServices;

namespace WanSharp.Tensors;

/// <summary>
/// Native memory in large pages, where the system gives them to those who ask: matrix kernels walk through megabytes, and
/// each small page that they come to costs a processor, in a virtual machine above all, a walk through the page tables.
/// </summary>
/// <remarks>Source: Linux:Documentation/admin-guide/mm/transhuge.rst.</remarks>
internal static unsafe partial class HugePages
{
    private const int HugePage = 14; // linux: asm-generic/mman-common.h
    private const nuint Bytes = 2 << 20;

    // With less, what alignment wastes of the address space is not worth it.
    private const nuint Smallest = 2 * Bytes;

    /// <summary>
    /// Memory of at least some alignment, to be freed with <see cref="NativeMemory.AlignedFree"/>. No more of it than was asked
    /// for is ever touched.
    /// </summary>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public static void* Allocate(nuint byteLength, nuint alignment)
    {
        if (byteLength < Smallest || !OperatingSystem.IsLinux())
        {
            return NativeMemory.AlignedAlloc(byteLength, alignment);
        }

        var memory = NativeMemory.AlignedAlloc(byteLength, Bytes);
        _ = Advise(memory, byteLength / Bytes * Bytes, HugePage); // to be refused is to go without
        return memory;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
