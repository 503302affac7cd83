using WanSharp.Runtime.Weights;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Blocks whose weights are copied to a device: those that stay (<see cref="WeightStore.ResidentBlocks"/>) once, each of the
/// others while the block before it computes, until its own run is over.
/// </summary>
/// <param name="count">How many blocks there are.</param>
/// <param name="weights">The weights, which say what stays.</param>
/// <param name="place">Prepares a block's run, its weights on the device.</param>
internal sealed class PlacedBlocks(int count, WeightStore weights, Func<int, CancellationToken, Task<PreparedRun>> place) : IBlockWeights
{
    private readonly PreparedRun?[] _placed = new PreparedRun?[count];
    private (int Index, Task<PreparedRun> Placing)? _coming;
    private int? _taken;

    public int Count => count;

    public PreparedRun Take(int index)
    {
        if (_taken is { } before && before != index && !weights.Stays(before, count))
        {
            Free(before);
        }

        if (_coming is { } coming)
        {
            _coming = null;
#pragma warning disable VSTHRD002 // a pass computes on its caller's thread, and needs the block now
            _placed[coming.Index] ??= coming.Placing.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }

        _taken = index;
#pragma warning disable VSTHRD002 // as above
        var run = _placed[index] ??= place(index, CancellationToken.None).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        var next = (index + 1) % count;
        if (_placed[next] is null)
        {
            _coming = (next, Task.Run(() => place(next, CancellationToken.None)));
        }

        return run;
    }

    public void ReleaseMemory()
    {
        if (_coming is { } coming)
        {
            _coming = null;
#pragma warning disable VSTHRD002 // what is being placed must be there to be freed
            coming.Placing.GetAwaiter().GetResult().Dispose();
#pragma warning restore VSTHRD002
        }

        _taken = null;
        for (var i = 0; i < count; i++)
        {
            Free(i);
        }
    }

    public void Dispose() => ReleaseMemory();

    private void Free(int index)
    {
        _placed[index]?.Dispose();
        _placed[index] = null;
    }
}
