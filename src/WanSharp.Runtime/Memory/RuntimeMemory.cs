using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using WanSharp.Runtime.Native;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Memory;

/// <summary>
/// The host memory that the library takes for activations and packed weights: counted, limited, kept for the next run, and returned
/// on request. Freed blocks are kept and handed out again, because each denoise step asks for the same sizes as the one before;
/// kept blocks are released, least recently used first, before the total would exceed the limit, or the peak use by more than an
/// eighth.
/// </summary>
/// <remarks>
/// <para>Thread-safe. There is one for each library file, for as long as the process lives: the library's environment is
/// one a process, and blocks may be freed as long as any of its values lives.</para>
/// <para>A request beyond the limit is still granted, because the library writes into what it asked for without checking; but the
/// run that asked is stopped before its next node and ends with a <see cref="MemoryLimitException"/>. The sizes that a graph
/// needs are known to the library from its second run on: then the whole request comes before the first node, and is never touched.</para>
/// </remarks>
public sealed unsafe class RuntimeMemory
{
    private const uint Version = 17; // Alloc, Free, Info; and Reserve, which came with 18, is asked for only by libraries that know it
    private const int DeviceAllocator = 0; // not an arena: the library must not look for one inside
    private const int DefaultMemory = 0;
    private const nuint HeaderBytes = 64; // a cache line before each block: its size

    // Smaller blocks cost the system's allocator nothing, and would crowd the list.
    private const nuint SmallestKept = 64 << 10;

    // No machine has more; sums of such sizes do not overflow.
    private static readonly nuint LargestBlock = nuint.MaxValue / 8;

    // A kept block serves a request of seven eighths of its size or more: otherwise too much of it would lie idle.
    private const nuint WasteDivisor = 8;

    // What is kept may pass the peak by so much: what serves no request of the moment serves one of the next run, and fresh
    // pages cost as much as what is computed in them.
    private const nuint SlackDivisor = 8;

    private static readonly ConcurrentDictionary<string, RuntimeMemory> Allocators = new(StringComparer.Ordinal);

    [ThreadStatic]
    private static IStoppableRun? s_running;

    [ThreadStatic]
    private static long s_held;

    private readonly Lock _gate = new();
    private readonly List<IStoppableRun> _runs = [];
    private readonly List<(nint Block, nuint Size)> _kept = []; // the longest unused first
    private nuint _inUse;
    private nuint _keptBytes;
    private nuint _peak;
    private long _limit = long.MaxValue;

    private RuntimeMemory(OrtApi api)
    {
        nint information;
        api.Check(api.Table->CreateCpuMemoryInfo(DeviceAllocator, DefaultMemory, &information), "describing host memory");
        var table = (Table*)NativeMemory.AllocZeroed((nuint)sizeof(Table));
        *table = new Table
        {
            Version = Version,
            Alloc = &Alloc,
            Free = &Free,
            Info = &Info,
            Reserve = &Alloc,
            Information = information,
            Owner = GCHandle.ToIntPtr(GCHandle.Alloc(this)),
        };
        Pointer = (nint)table;
    }

    /// <summary>Bytes that the library holds.</summary>
    public long InUse => (long)Read(ref _inUse);

    /// <summary>Bytes kept for later requests.</summary>
    public long Kept => (long)Read(ref _keptBytes);

    /// <summary>The most bytes that were in use at one time.</summary>
    public long Peak => (long)Read(ref _peak);

    /// <summary>
    /// The most bytes that may be in use, and in use and kept together: when it falls, kept blocks are let go at once. Default:
    /// <see cref="long.MaxValue"/>, no limit.
    /// </summary>
    public long Limit
    {
        get => Volatile.Read(ref _limit);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            lock (_gate)
            {
                Volatile.Write(ref _limit, value);
                LetGoBeyond(Ceiling);
            }
        }
    }

    /// <summary>The native allocator.</summary>
    internal nint Pointer { get; }

    /// <summary>Asked before each request of this many bytes; true treats it as one beyond the limit. For tests.</summary>
    internal Func<long, bool>? Refuses { get; set; }

    /// <summary>
    /// Bytes that this thread took and did not give back; what it takes between two readings belongs to what it does between them.
    /// </summary>
    internal static long HeldByThread => s_held;

    /// <summary>The memory of a library.</summary>
    internal static RuntimeMemory Of(OrtApi api) => Allocators.GetOrAdd(api.LibraryPath, _ => new RuntimeMemory(api));

    /// <summary>Gives all kept blocks back to the system.</summary>
    /// <returns>How many bytes they were.</returns>
    public long Trim()
    {
        lock (_gate)
        {
            var before = _keptBytes;
            LetGo(downTo: 0);
            return (long)before;
        }
    }

    /// <summary>Has the requests that come from this thread, until the scope ends, charged to a run.</summary>
    internal RunScope Enter(IStoppableRun run)
    {
        lock (_gate)
        {
            _runs.Add(run);
        }

        return new RunScope(this, run);
    }

    private static RuntimeMemory OwnerOf(Table* table) => (RuntimeMemory)GCHandle.FromIntPtr(table->Owner).Target!;

    // Whatever happens in these two, nothing may be thrown: the frames that called them are the library's, and it would end the process.
    [UnmanagedCallersOnly]
    private static void* Alloc(Table* table, nuint size)
    {
        try
        {
            return OwnerOf(table).Take(size);
        }
        catch (Exception)
        {
            return null; // the library says that it got none
        }
    }

    [UnmanagedCallersOnly]
    private static void Free(Table* table, void* block)
    {
        try
        {
            if (block is not null)
            {
                OwnerOf(table).Return((byte*)block - HeaderBytes);
            }
        }
        catch (Exception)
        {
            // The block is lost, and counted as in use.
        }
    }

    [UnmanagedCallersOnly]
    private static nint Info(Table* table) => table->Information;

    private void* Take(nuint size)
    {
        if (size == 0)
        {
            return null;
        }

        var bytes = nuint.Min(size, LargestBlock) + HeaderBytes;
        lock (_gate)
        {
            if (_inUse + bytes > (nuint)Limit || Refuses?.Invoke((long)(bytes - HeaderBytes)) == true)
            {
                Stop((long)bytes);
            }

            if (size > LargestBlock)
            {
                return null;
            }

            var block = bytes >= SmallestKept ? TakeKept(bytes) : null;
            if (block is null)
            {
                _peak = nuint.Max(_peak, _inUse + bytes);
                LetGoBeyond(Ceiling, coming: bytes);
                block = TakeNew(bytes);
                *(nuint*)block = bytes;
            }

            _inUse += *(nuint*)block;
            s_held += (long)*(nuint*)block;
            _peak = nuint.Max(_peak, _inUse);
            return block + HeaderBytes;
        }
    }

    /// <summary>Stops the run that asks for too much: this thread's, or every one if a thread of the library's pool asks.</summary>
    private void Stop(long requested)
    {
        RuntimeMetrics.Short();
        var shortage = new MemoryLimitException(requested, (long)_inUse, Limit);
        foreach (var run in s_running is { } running ? [running] : _runs)
        {
            run.Stop(shortage);
        }
    }

    private byte* TakeNew(nuint bytes)
    {
        try
        {
            return (byte*)HugePages.Allocate(bytes, HeaderBytes);
        }
        catch (OutOfMemoryException) when (_keptBytes > 0)
        {
            LetGo(downTo: 0);
            return (byte*)HugePages.Allocate(bytes, HeaderBytes);
        }
    }

    /// <summary>The smallest kept block that serves, of several alike the one that was used last.</summary>
    private byte* TakeKept(nuint bytes)
    {
        var best = -1;
        for (var i = _kept.Count - 1; i >= 0; i--)
        {
            var size = _kept[i].Size;
            if (size >= bytes && size - bytes <= size / WasteDivisor && (best < 0 || size < _kept[best].Size))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return null;
        }

        var (block, taken) = _kept[best];
        _kept.RemoveAt(best);
        _keptBytes -= taken;
        return (byte*)block;
    }

    private void Return(byte* block)
    {
        lock (_gate)
        {
            var size = *(nuint*)block;
            _inUse -= size;
            s_held -= (long)size;
            if (size < SmallestKept)
            {
                NativeMemory.AlignedFree(block);
                return;
            }

            _kept.Add(((nint)block, size));
            _keptBytes += size;
            LetGoBeyond((nuint)Limit); // more may have been in use than the limit allows
        }
    }

    /// <summary>The most that may be in use and kept together.</summary>
    private nuint Ceiling => nuint.Min(_peak + (_peak / SlackDivisor), (nuint)Limit);

    /// <summary>Gives kept blocks back until no more than a ceiling is in use, kept, and about to be in use.</summary>
    private void LetGoBeyond(nuint ceiling, nuint coming = 0)
    {
        var used = _inUse + coming;
        LetGo(downTo: ceiling > used ? ceiling - used : 0);
    }

    /// <summary>Gives kept blocks back, the longest unused first, until no more than some bytes are kept.</summary>
    private void LetGo(nuint downTo)
    {
        var count = 0;
        while (_keptBytes > downTo)
        {
            var (block, size) = _kept[count++];
            NativeMemory.AlignedFree((void*)block);
            _keptBytes -= size;
        }

        _kept.RemoveRange(0, count);
    }

    private nuint Read(ref nuint value)
    {
        lock (_gate)
        {
            return value;
        }
    }

    /// <summary>While a run is under way on a thread.</summary>
    internal readonly ref struct RunScope
    {
        private readonly RuntimeMemory _memory;
        private readonly IStoppableRun _run;
        private readonly IStoppableRun? _outer;

        public RunScope(RuntimeMemory memory, IStoppableRun run)
        {
            (_memory, _run, _outer) = (memory, run, s_running);
            s_running = run;
        }

        public void Dispose()
        {
            s_running = _outer;
            lock (_memory._gate)
            {
                _memory._runs.Remove(_run);
            }
        }
    }

    /// <summary><c>struct OrtAllocator</c> of the C header, as far as its version says, and what the functions need.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Table
    {
        public uint Version;
        public delegate* unmanaged<Table*, nuint, void*> Alloc;
        public delegate* unmanaged<Table*, void*, void> Free;
        public delegate* unmanaged<Table*, nint> Info;
        public delegate* unmanaged<Table*, nuint, void*> Reserve;
        public nint GetStats;
        public nint AllocOnStream;
        public nint Shrink;
        public nint Information;
        public nint Owner;
    }
}
