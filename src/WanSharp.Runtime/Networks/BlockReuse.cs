using System.Numerics.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// What a row of forward passes keeps of its last full one: what the first block added, and what all other blocks added. Where the first
/// block adds nearly the same again, the others are taken to do so, too, and do not run.
/// </summary>
/// <remarks>
/// In host memory. A pass that fails leaves the row without anything kept, so the next one is full. Source: vipshop/cache-dit (DBCache of
/// one block first and none last), <c>can_cache</c>: mean |r − r′| / mean |r′|.
/// </remarks>
/// <param name="threshold">The largest change, as a share, that is taken for nearly the same.</param>
internal sealed class BlockReuse(double threshold)
{
    private const int Chunk = 4096;

    private float[] _first = [];
    private float[] _rest = [];

    /// <summary>Whether a pass may reuse; its owner says so before each.</summary>
    public bool MayReuse { get; set; }

    /// <summary>Whether the last pass did.</summary>
    public bool DidReuse { get; private set; }

    /// <summary>Whether there is something to reuse.</summary>
    public bool IsKept { get; private set; }

    /// <summary>The two arrays that are kept, as long as a row's tokens times the model's width; none where nothing is.</summary>
    public IReadOnlyList<float[]> Arrays => IsKept ? [_first, _rest] : [];

    /// <summary>Copies of another row's arrays take the place of what is kept.</summary>
    public void Restore(float[] first, float[] rest)
    {
        if (first.Length != rest.Length)
        {
            throw new ArgumentException($"What the blocks added is {first.Length} and {rest.Length} long.", nameof(rest));
        }

        (_first, _rest, IsKept) = ((float[])first.Clone(), (float[])rest.Clone(), true);
    }

    /// <summary>What was kept is another network's.</summary>
    public void Forget() => IsKept = false;

    /// <summary>Decides after the first block, and begins to keep where the others will run.</summary>
    /// <param name="before">What the first block was given.</param>
    /// <param name="after">What it made of it.</param>
    /// <returns>Whether the other blocks do not run.</returns>
    internal bool Decide(Tensor before, Tensor after)
    {
        var given = before.Read<float>();
        var made = after.Read<float>();
        DidReuse = MayReuse && IsKept && _first.Length == made.Length && Change(given, made) < threshold;
        if (DidReuse)
        {
            return true;
        }

        IsKept = false;
        if (_first.Length != made.Length)
        {
            (_first, _rest) = (new float[made.Length], new float[made.Length]);
        }

        TensorPrimitives.Subtract(made, given, _first);
        made.CopyTo(_rest); // until the end is known
        return false;
    }

    /// <summary>Keeps what the other blocks added.</summary>
    /// <param name="end">What the last block made.</param>
    internal void Finish(Tensor end)
    {
        TensorPrimitives.Subtract(end.Read<float>(), _rest, _rest);
        IsKept = true;
    }

    /// <summary>Adds what the other blocks added last.</summary>
    /// <param name="after">What the first block made; becomes what the last would.</param>
    internal void Add(Tensor after) => TensorPrimitives.Add(after.Read<float>(), _rest, after.Write<float>());

    /// <summary>How much what the first block added changed, as a share; not a number where it added nothing.</summary>
    private double Change(ReadOnlySpan<float> given, ReadOnlySpan<float> made)
    {
        Span<float> buffer = stackalloc float[Chunk];
        var (distance, magnitude) = (0.0, 0.0);
        for (var start = 0; start < made.Length; start += Chunk)
        {
            var length = Math.Min(Chunk, made.Length - start);
            var part = buffer[..length];
            var last = _first.AsSpan(start, length);
            TensorPrimitives.Subtract(made.Slice(start, length), given.Slice(start, length), part);
            TensorPrimitives.Subtract(part, last, part);
            distance += TensorPrimitives.SumOfMagnitudes<float>(part);
            magnitude += TensorPrimitives.SumOfMagnitudes<float>(last);
        }

        return distance / magnitude;
    }
}
