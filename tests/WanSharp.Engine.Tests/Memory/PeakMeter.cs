using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Tests.Memory;

/// <summary>The most bytes that a library holds at one time from here on, until it is disposed.</summary>
internal sealed class PeakMeter : IDisposable
{
    private readonly RuntimeMemory _memory;
    private long _peak;

    /// <param name="memory">The library's memory; kept blocks are given back first.</param>
    public PeakMeter(RuntimeMemory memory)
    {
        _memory = memory;
        GC.Collect(); // what earlier tests left to the finalizers is not to go in the middle of this one
        GC.WaitForPendingFinalizers();
        memory.Trim();
        _peak = memory.InUse;
        memory.Refuses = bytes =>
        {
            _peak = Math.Max(_peak, memory.InUse + bytes);
            return false;
        };
    }

    /// <summary>The most bytes so far.</summary>
    public long Bytes => _peak;

    public void Dispose() => _memory.Refuses = null;
}
