using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.StepCaches;

/// <summary>
/// DBCache with one block first: the first block runs in each step, and where it adds nearly what it added at the last full step, the
/// others are taken to do so, too. Each branch decides for itself, inside the pass.
/// </summary>
/// <remarks>
/// It keeps two arrays of all tokens for each branch, hundreds of times as much as other step caches. Source: vipshop/cache-dit,
/// <c>DBCacheConfig</c> with Fn 1 and Bn 0.
/// </remarks>
/// <param name="course">The clip's steps.</param>
/// <param name="threshold">The largest change of what the first block adds.</param>
/// <param name="mostSkips">The most steps that are skipped in a row.</param>
/// <param name="warmUp">How many of the first steps are full.</param>
internal sealed class FirstBlockCache(StepCourse course, double threshold, int mostSkips, int warmUp) : StepCache(course)
{
    /// <summary>Arrays as large as a branch's tokens that it keeps of each branch.</summary>
    public const int ArraysKept = 2;

    private const int Branches = 2;

    private readonly BlockReuse[] _rows = [.. Enumerable.Range(0, Branches).Select(_ => new BlockReuse(threshold))];
    private readonly int[] _inARow = new int[Branches];

    public override bool KeepsLatents => false;

    /// <summary>What a branch's row of the next pass reuses.</summary>
    public BlockReuse RowOf(int branch) => _rows[branch];

    public override void Keep(int step, ReadOnlySpan<float> latents, ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional)
    {
        var count = unconditional.Length > 0 ? Branches : 1;
        for (var branch = 0; branch < count; branch++)
        {
            _inARow[branch] = _rows[branch].DidReuse ? _inARow[branch] + 1 : 0;
        }

        Skipped += _rows.Take(count).All(row => row.DidReuse) ? 1 : 0;
    }

    public override StepCacheState Save() =>
        new(
            [Skipped, .. _inARow.Select(count => (double)count), .. _rows.Select(row => row.IsKept ? 1.0 : 0)],
            [.. _rows.SelectMany(row => row.Arrays).Select(array => (float[])array.Clone())]
        );

    public override void Restore(StepCacheState state)
    {
        var numbers = state.Numbers;
        if (numbers.Count != 1 + (2 * Branches) || ArraysKept * numbers.Skip(1 + Branches).Count(kept => kept > 0) != state.Arrays.Count)
        {
            throw new ArgumentException($"{state.Arrays.Count} arrays are not what a first-block cache keeps.", nameof(state));
        }

        Skipped = (int)numbers[0];
        var arrays = new Queue<float[]>(state.Arrays);
        for (var branch = 0; branch < Branches; branch++)
        {
            _inARow[branch] = (int)numbers[1 + branch];
            _rows[branch].Forget();
            if (numbers[1 + Branches + branch] > 0)
            {
                _rows[branch].Restore(arrays.Dequeue(), arrays.Dequeue());
            }
        }
    }

    /// <summary>No step is skipped as a whole: it is said here which rows of its pass may be.</summary>
    protected override bool Decide(int step, ReadOnlySpan<float> latents)
    {
        for (var branch = 0; branch < Branches; branch++)
        {
            _rows[branch].MayReuse = step >= warmUp && _inARow[branch] < mostSkips;
        }

        return false;
    }

    protected override void EstimateBranch(int step, int branch, ReadOnlySpan<float> latents, Span<float> velocity) =>
        throw new NotSupportedException("The pass itself decides.");

    protected override void Forget()
    {
        Array.ForEach(_rows, row => row.Forget());
        Array.Clear(_inARow);
    }
}
