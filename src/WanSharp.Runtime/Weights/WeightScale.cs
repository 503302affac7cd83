using System.Numerics;
using System.Numerics.Tensors;
using WanSharp.Graphs;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// What turns the codes of a quantized weight into its values: factors, and a rotation of the inputs where the weight was
/// rotated before it was quantized.
/// </summary>
/// <remarks>
/// A factor stands for all elements, for an output channel (a row), for a group of a row's columns, or for a square block.
/// ComfyUI's scaled fp8 keeps it as <c>scale_weight</c>, its later files and LightX2V's as <c>weight_scale</c>; scales of square
/// blocks are called <c>weight_scale_inv</c>, though they, too, multiply. Scales of activations are not used.
/// Sources: Comfy-Org/ComfyUI:QUANTIZATION.md and comfy/ops.py; ModelTC/LightX2V:lightx2v/common/ops/mm;
/// kohya-ss/musubi-tuner:src/musubi_tuner/modules/fp8_optimization_utils.py (groups); deepseek-ai/DeepSeek-V3:inference/kernel.py (blocks).
/// </remarks>
internal sealed class WeightScale
{
    /// <summary>The end of a weight's name.</summary>
    public const string WeightSuffix = ".weight";

    private const int SmallestBlock = 16;
    private const int LargestBlock = 1024;
    private const int PartBytes = 1 << 18;

    private readonly float[] _factors;
    private readonly ScaleGrid _grid;
    private readonly RegularHadamard? _rotation;

    private WeightScale(float[] factors, ScaleGrid grid, RegularHadamard? rotation) =>
        (_factors, _grid, _rotation) = (factors, grid, rotation);

    /// <summary>What may stand after the name of a layer to name the scale of its weight.</summary>
    public static IReadOnlyList<string> Suffixes { get; } = [".scale_weight", ".weight_scale", ".weight_scale_inv"];

    /// <summary>Whether it changes nothing.</summary>
    public bool IsOne => _rotation is null && _factors.All(factor => factor == 1);

    /// <summary>The scale of a weight, or null when it has none.</summary>
    /// <exception cref="CheckpointException">The scale, or the note of how the weight was quantized, is of a kind that is not
    /// supported.</exception>
    public static WeightScale? Find(ICheckpoint checkpoint, string name)
    {
        if (Describe(checkpoint, name) is not var (stored, grid, rotation))
        {
            return null;
        }

        var factors = new float[stored.Shape.ElementCount];
        stored.ConvertTo(factors);
        if (!factors.All(float.IsFinite))
        {
            throw new CheckpointException(checkpoint.Path, grid.Name, "it is not finite; the file is damaged.");
        }

        RequireFactors(checkpoint, name, factors, grid);
        return new WeightScale(factors, grid, rotation);
    }

    /// <summary>Whether a weight has a scale; none of its factors is read.</summary>
    /// <inheritdoc cref="Find" path="/exception"/>
    public static bool Has(ICheckpoint checkpoint, string name) => Describe(checkpoint, name) is not null;

    /// <summary>Checks that a stored weight means its values: integers do by a scale alone.</summary>
    /// <exception cref="CheckpointException">It does not.</exception>
    public static void RequireMeaning(string path, string name, Tensor weight, WeightScale? scale)
    {
        if (scale is null && IsInteger(weight.DType))
        {
            throw new CheckpointException(
                path,
                name,
                $"it holds integers ({weight.DType.Name()}) without a scale that says what they stand for; the format that the "
                    + "file was quantized in is not supported."
            );
        }
    }

    /// <summary>Whether a type holds whole numbers.</summary>
    public static bool IsInteger(DType dtype) => dtype is DType.I8 or DType.U8 or DType.I32 or DType.I64 or DType.Bool;

    /// <summary>Writes the weight's values as <paramref name="destination"/>'s type, rounded once.</summary>
    public void Widen(Tensor weight, Tensor destination)
    {
        Shape matrix = [_grid.Rows, _grid.Columns];
        var (from, to) = (weight.Reshape(matrix), destination.Reshape(matrix));
        var step = Math.Max(1, PartBytes / sizeof(float) / Math.Max(1, _grid.Columns)); // rows that stay in the second-level cache
        for (long row = 0; row < _grid.Rows; row += step)
        {
            var count = Math.Min(step, _grid.Rows - row);
            WidenRows(from.Slice(row, count), row, to.Slice(row, count));
        }
    }

    /// <summary>Turns the codes of one row of the weight into its values, in place.</summary>
    public void Apply(long row, Span<float> values)
    {
        if (_grid.ColumnCount == 1)
        {
            _rotation?.Rotate(values); // of whole numbers this rounds nothing
            TensorPrimitives.Multiply(values, _factors[_factors.Length == 1 ? 0 : row / _grid.BlockRows], values);
            return;
        }

        var factors = _factors.AsSpan((int)(row / _grid.BlockRows * _grid.ColumnCount), (int)_grid.ColumnCount);
        for (var i = 0; i < factors.Length; i++)
        {
            var start = i * (int)_grid.BlockColumns;
            var part = values[start..Math.Min(values.Length, start + (int)_grid.BlockColumns)];
            TensorPrimitives.Multiply(part, factors[i], part);
        }

        _rotation?.Rotate(values);
    }

    private void WidenRows(Tensor from, long first, Tensor to)
    {
        if (to.DType == DType.F32)
        {
            from.ConvertTo(to);
            ApplyAll(first, to);
            return;
        }

        using var part = from.ConvertTo(DType.F32);
        ApplyAll(first, part);
        part.ConvertTo(to);
    }

    private void ApplyAll(long first, Tensor rows)
    {
        var values = rows.Write<float>();
        if (_factors.Length == 1 && _rotation is null)
        {
            TensorPrimitives.Multiply(values, _factors[0], values);
            return;
        }

        var columns = (int)_grid.Columns;
        for (var i = 0; i < rows.Shape[0]; i++)
        {
            Apply(first + i, values.Slice(i * columns, columns));
        }
    }

    /// <summary>The tensor that holds a weight's scale, what each of its numbers stands for, and the rotation; null without one.</summary>
    private static (Tensor Stored, ScaleGrid Grid, RegularHadamard? Rotation)? Describe(ICheckpoint checkpoint, string name)
    {
        if (!name.EndsWith(WeightSuffix, StringComparison.Ordinal))
        {
            return null;
        }

        var note = QuantizationNote.Find(checkpoint, name);
        var layer = name[..^WeightSuffix.Length];
        var found = Suffixes
            .Select(suffix => layer + suffix)
            .Where(scale => checkpoint.Tensors.ContainsKey(scale) || checkpoint.Unsupported.ContainsKey(scale))
            .ToList();
        if (found.Count == 0)
        {
            return note is null
                ? null
                : throw new CheckpointException(
                    checkpoint.Path,
                    name,
                    $"it was quantized ({note.Format}), but its scale {layer}{Suffixes[1]} is missing; get the whole file."
                );
        }

        if (found.Count > 1)
        {
            throw new CheckpointException(
                checkpoint.Path,
                name,
                $"it has two scales, {CheckpointException.Quote(found[0])} and {CheckpointException.Quote(found[1])}: "
                    + "which one it was quantized with is not known."
            );
        }

        var (stored, weight) = (checkpoint.Get(found[0]), checkpoint.Get(name));
        note?.Require(checkpoint.Path, name, weight);
        if (stored.DType is not (DType.F32 or DType.F16 or DType.BF16))
        {
            throw new CheckpointException(
                checkpoint.Path,
                found[0],
                $"its scales are {stored.DType.Name()}, for blocks of a 4-bit or microscaling format "
                    + "(nvfp4, mxfp8); such weights are not supported."
            );
        }

        return (note is null ? GridOf(weight.Shape, stored.Shape) : GridOf(weight.Shape, stored.Shape, note)) is { } grid
            ? (stored, grid with { Name = found[0] }, note?.Rotation(checkpoint.Path, name, grid.Columns))
            : throw new CheckpointException(
                checkpoint.Path,
                found[0],
                $"its shape is {stored.Shape}; for a weight {weight.Shape} a scale is one number, one for each row, or one for "
                    + (
                        note?.Block is var (rows, columns)
                            ? $"each part of {rows}×{columns} or 1×{columns}, as the weight's note says."
                            : $"each of equal groups of columns or square blocks of {SmallestBlock} to {LargestBlock} (powers of 2)."
                    )
            );
    }

    /// <summary>What each number of a scale stands for where a note says it; null when the shapes contradict it.</summary>
    private static ScaleGrid? GridOf(Shape weight, Shape scale, QuantizationNote note)
    {
        if (note.Block is not var (blockRows, blockColumns))
        {
            return GridOf(weight, scale) is { } grid && (!note.IsPerRow || grid.BlockColumns == grid.Columns) ? grid : null;
        }

        if (weight.ElementCount == 0)
        {
            return null;
        }

        var rows = weight.Rank == 0 ? 1 : weight[0];
        var columns = weight.ElementCount / rows;
        var (down, across) = Counts(scale);
        var groups = Math.Min(blockColumns, columns);
        return across != (columns + blockColumns - 1) / blockColumns ? null
            : down == rows ? new ScaleGrid(rows, columns, 1, groups)
            : down == (rows + blockRows - 1) / blockRows ? new ScaleGrid(rows, columns, Math.Min(blockRows, rows), groups)
            : null;
    }

    /// <summary>The rows and columns of a scale; what is not a matrix has none that fit.</summary>
    private static (long Down, long Across) Counts(Shape scale)
    {
        List<long> dims = [.. scale.Dims];
        while (dims.Count > 2 && dims[^1] == 1)
        {
            dims.RemoveAt(dims.Count - 1);
        }

        return dims switch
        {
            [] => (1, 1),
            [var down] => (down, 1),
            [var down, var across] => (down, across),
            _ => (0, 0),
        };
    }

    /// <summary>A factor of zero makes zeros of all codes, and belongs to codes that are zero: otherwise it was lost.</summary>
    private static void RequireFactors(ICheckpoint checkpoint, string name, float[] factors, ScaleGrid grid)
    {
        if (!factors.Contains(0f) || checkpoint.Get(name) is not { } weight || weight.ByteLength != grid.Rows * grid.Columns)
        {
            return;
        }

        var negativeZero = weight.DType == DType.I8 ? (byte)0 : (byte)0x80;
        for (var i = 0; i < factors.Length; i++)
        {
            if (factors[i] == 0 && grid.PartsOf(i).Any(part => !IsZero(weight.ReadBytes(part.Start, part.Length))))
            {
                throw new CheckpointException(
                    checkpoint.Path,
                    grid.Name,
                    $"it has a factor of 0 for codes of {CheckpointException.Quote(name)} that are not 0: the download is not complete, or "
                        + "the file is damaged; download it again."
                );
            }
        }

        bool IsZero(ReadOnlySpan<byte> codes) => !codes.ContainsAnyExcept((byte)0, negativeZero);
    }

    /// <summary>What each number of a scale stands for, according to the shapes; null when they do not show it.</summary>
    private static ScaleGrid? GridOf(Shape weight, Shape scale)
    {
        if (weight.ElementCount == 0)
        {
            return null;
        }

        var rows = weight.Rank == 0 ? 1 : weight[0];
        var columns = weight.ElementCount / rows;
        if (scale.ElementCount == 1)
        {
            return new ScaleGrid(rows, columns, rows, columns);
        }

        long[] dims = scale.Dims.ToArray();
        var rank = dims.Length;
        while (rank > 1 && dims[rank - 1] == 1)
        {
            rank--;
        }

        return (rank, dims) switch
        {
            (1, [var count, ..]) when count == rows => new ScaleGrid(rows, columns, 1, columns),
            (2, [var count, var groups, ..]) when count == rows && IsGrouping(columns, groups, dims.Length) => new ScaleGrid(
                rows,
                columns,
                1,
                columns / groups
            ),
            (2 or 1, _) when SquareBlock(rows, columns, dims[0], rank == 1 ? 1 : dims[1]) is { } block => new ScaleGrid(
                rows,
                columns,
                block,
                block
            ),
            _ => null,
        };
    }

    /// <summary>
    /// Whether rows may consist of this many equal groups. What tools write as a matrix has groups of a power of two, the last one perhaps
    /// cut; equal groups of another size would be a wrong guess. With a third dimension the weight itself was split into them.
    /// </summary>
    private static bool IsGrouping(long columns, long groups, int dimensions) =>
        groups > 0
        && columns % groups == 0
        && (dimensions > 2 || (columns / groups is var group && group >= SmallestBlock && BitOperations.IsPow2(group)));

    /// <summary>
    /// The side of blocks of which there are the given number, the last of a row or column perhaps cut; null when several fit, or none
    /// does.
    /// </summary>
    private static long? SquareBlock(long rows, long columns, long rowCount, long columnCount)
    {
        long? found = null;
        for (long block = SmallestBlock; block <= LargestBlock; block *= 2)
        {
            if ((rows + block - 1) / block == rowCount && (columns + block - 1) / block == columnCount)
            {
                if (found is not null)
                {
                    return null;
                }

                found = block;
            }
        }

        return found;
    }

    /// <summary>A matrix, and the parts of it that share a factor.</summary>
    private sealed record ScaleGrid(long Rows, long Columns, long BlockRows, long BlockColumns)
    {
        /// <summary>The tensor that holds the factors.</summary>
        public string Name { get; init; } = "";

        public long ColumnCount => (Columns + BlockColumns - 1) / BlockColumns;

        /// <summary>The elements that have a factor, as ranges of the rows.</summary>
        public IEnumerable<(long Start, int Length)> PartsOf(int factor)
        {
            var (row, column) = (factor / ColumnCount * BlockRows, factor % ColumnCount * BlockColumns);
            var length = (int)Math.Min(BlockColumns, Columns - column);
            for (var i = row; i < Math.Min(Rows, row + BlockRows); i++)
            {
                yield return ((i * Columns) + column, length);
            }
        }
    }
}
