using System.Diagnostics;

namespace WanSharp.Runtime.Networks;

/// <summary>Tells how long each block waits for its weights, and marks its run so that it tells how long it computes.</summary>
/// <param name="blocks">The blocks.</param>
/// <param name="counter">Their graph's.</param>
internal sealed class MeasuredBlocks(IBlockWeights blocks, GraphCounter counter) : IBlockWeights
{
    public int Count => blocks.Count;

    /// <summary>What is measured.</summary>
    public IBlockWeights Blocks => blocks;

    public PreparedRun Take(int index)
    {
        var started = Stopwatch.GetTimestamp();
        var run = blocks.Take(index);
        counter.Waited(index, Stopwatch.GetElapsedTime(started));
        run.Block = index;
        return run;
    }

    public void ReleaseMemory() => blocks.ReleaseMemory();

    public void Dispose() => blocks.Dispose();
}
