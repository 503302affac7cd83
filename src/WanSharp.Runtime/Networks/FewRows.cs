using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Some rows of a batch as a batch of their own, while the blocks that they alone need run.</summary>
/// <remarks>In host memory.</remarks>
internal sealed class FewRows : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <param name="all">The batch.</param>
    /// <param name="options">What is different in the pass.</param>
    /// <param name="rows">The rows, in order.</param>
    /// <param name="memory">The host's.</param>
    public FewRows(BlockValues all, PassOptions options, int[] rows, SessionMemory memory)
    {
        List<TextKeys> contexts = [.. rows.Select(row => all.Contexts[row])];
        var negatives = all.Negatives is null ? null : Own(new NegativeRows(contexts, [.. rows.Select(row => options.Negatives[row])]));
        Values = new BlockValues(
            Gather(all.X),
            Own(memory.Allocate(DType.F32, Of(all.X.Shape), CancellationToken.None)),
            Gather(all.E0),
            all.Cos,
            all.Sin,
            contexts
        )
        {
            Negatives = negatives,
            Control = all.Control is not { } control
                ? null
                : new BlockControl(
                    Gather(control.Value),
                    Own(memory.Allocate(DType.F32, Of(control.Value.Shape), CancellationToken.None)),
                    Gather(control.Strength)
                ),
        };

        RuntimeValue Gather(RuntimeValue value)
        {
            var (source, result) = (value.AsTensor(), Own(memory.Allocate(value.DType, Of(value.Shape), CancellationToken.None)));
            for (var i = 0; i < rows.Length; i++)
            {
                source.Slice(rows[i], 1).Read<float>().CopyTo(result.AsTensor().Slice(i, 1).Write<float>());
            }

            return result;
        }

        Shape Of(Shape shape) => Shape.Create([rows.Length, .. shape.Dims[1..]]);
    }

    /// <summary>What the blocks take.</summary>
    public BlockValues Values { get; }

    public void Dispose() => _owned.ForEach(value => value.Dispose());

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}
