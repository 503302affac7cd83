using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WanSharp.Tensors;

/// <summary>The pages of a mapped file, which the system can be told to read ahead or to forget.</summary>
internal sealed unsafe partial class MappedMemory : SafeBuffer
{
    // Linux: asm-generic/mman-common.h and linux/fadvise.h.
    private const int WillNeed = 3;
    private const int DontNeed = 4;
    private const int PopulateRead = 22; // from 5.14 on

    private static readonly long PageBytes = Environment.SystemPageSize;

    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile _map;
    private readonly SafeMemoryMappedViewHandle _view;

    /// <summary>Maps a file for reading; the handles are this object's.</summary>
    public MappedMemory(SafeFileHandle file)
        : base(ownsHandle: true)
    {
        _file = file;
        _map = MemoryMappedFile.CreateFromFile(
            file,
            mapName: null,
            capacity: 0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: true
        );

        // The accessor only wraps the handle: disposing the handle unmaps.
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read).SafeMemoryMappedViewHandle;
        SetHandle(_view.DangerousGetHandle());
        Initialize(_view.ByteLength);
    }

    /// <summary>
    /// Reads pages into memory, so that touching them waits for nothing. Where the system cannot be asked, they are read when
    /// they are touched.
    /// </summary>
    /// <param name="start">The first byte's position.</param>
    /// <param name="length">How many bytes.</param>
    public void ReadAhead(long start, long length)
    {
        var first = start / PageBytes * PageBytes;
        Advise(first, start + length - first, WillNeed); // in large requests
        Advise(first, start + length - first, PopulateRead); // and into the page table
    }

    /// <summary>
    /// Lets pages go, from this process and, if nobody else uses them, from the system's cache; they are read again when
    /// they are touched. Pages that hold other bytes too stay.
    /// </summary>
    /// <inheritdoc cref="ReadAhead" path="/param"/>
    public void Forget(long start, long length)
    {
        var first = (start + PageBytes - 1) / PageBytes * PageBytes;
        var bytes = ((start + length) / PageBytes * PageBytes) - first;
        if (Advise(first, bytes, DontNeed))
        {
            _ = AdviseFile(_file, first, bytes, DontNeed);
        }
    }

    protected override bool ReleaseHandle()
    {
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
        return true;
    }

    /// <summary>Advice: to fail is to go without.</summary>
    private bool Advise(long start, long length, int advice)
    {
        if (!OperatingSystem.IsLinux() || length <= 0)
        {
            return false;
        }

        var added = false;
        DangerousAddRef(ref added); // the map stays while the system reads
        try
        {
            return Advise(handle + (nint)start, (nuint)length, advice) == 0;
        }
        finally
        {
            DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int AdviseFile(SafeFileHandle file, long offset, long length, int advice);
}
