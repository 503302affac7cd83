using WanSharp.Graphs;
using WanSharp.Runtime.Weights;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Blocks that compute on the mapped checkpoint. Those that do not stay (<see cref="WeightStore.ResidentBlocks"/>) are read
/// while a block before them computes and let go behind it, so that a pass over any number of blocks needs the memory of two.
/// </summary>
/// <remarks>
/// Left to the system, pages that are read in a circle defeat its cache: it keeps those that were used last, which are
/// needed last.
/// </remarks>
/// <param name="runs">The blocks' runs, with views of the checkpoint as weights.</param>
/// <param name="slots">Each block's weights.</param>
/// <param name="weights">The checkpoint.</param>
/// <param name="prefix">What stands before the names of a block's weights.</param>
internal sealed class MappedBlocks(
    IReadOnlyList<PreparedRun> runs,
    IReadOnlyList<IReadOnlyList<WeightSlot>> slots,
    WeightStore weights,
    Func<int, string> prefix
) : IBlockWeights
{
    private readonly HashSet<int> _looked = [];
    private (int Index, Task Reading)? _coming;
    private int? _taken;

    public int Count => runs.Count;

    public PreparedRun Take(int index)
    {
        if (_taken is { } before && before != index)
        {
            Forget(before); // its run is over
        }

        if (_coming?.Index == index)
        {
            Finish();
        }

        _taken = index;
        if (_looked.Add(index))
        {
            weights.RefuseZeros(slots[index], prefix(index)); // not before its pages are needed
        }

        if (_coming is null && NextThatComes(index) is { } next)
        {
            _coming = (next, Task.Run(() => weights.ReadAhead(slots[next], prefix(next))));
        }

        return runs[index];
    }

    public void ReleaseMemory()
    {
        Finish();
        if (_taken is { } before)
        {
            Forget(before);
            _taken = null;
        }
    }

    public void Dispose()
    {
        ReleaseMemory();
        foreach (var run in runs)
        {
            run.Dispose();
        }
    }

    private int? NextThatComes(int index)
    {
        for (var ahead = 1; ahead < Count; ahead++)
        {
            var next = (index + ahead) % Count;
            if (!weights.Stays(next, Count))
            {
                return next;
            }
        }

        return null;
    }

    private void Forget(int index)
    {
        if (!weights.Stays(index, Count))
        {
            weights.Forget(slots[index], prefix(index));
        }
    }

    private void Finish()
    {
        var reading = _coming?.Reading;
        _coming = null;
#pragma warning disable VSTHRD002 // a pass computes on its caller's thread, and needs the block now
        reading?.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }
}
