namespace WanSharp.Runtime.Networks;

/// <summary>Blocks whose weights all stay where they are: views of the checkpoint, copies that are kept, memory of a device.</summary>
internal sealed class ResidentBlocks(IReadOnlyList<PreparedRun> runs) : IBlockRuns
{
    public int Count => runs.Count;

    public PreparedRun Take(int index) => runs[index];

    /// <summary>Nothing to do: the weights are resident.</summary>
    public void ReleaseMemory()
    {
    }

    public void Dispose()
    {
        foreach (var run in runs)
        {
            run.Dispose();
        }
    }
}
