using System.Numerics.Tensors;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>
/// A layer's factors of all LoRAs next to each other, in the layout that the graph multiplies by, and with a rank that kernels
/// divide well. Columns that no LoRA has are zeros.
/// </summary>
internal sealed class AdapterFactors : IDisposable
{
    // Kernels compute 16 columns at a time or more; beyond that, coarser steps keep the number of shapes small.
    private const long Step = 16;
    private const long CoarseStep = 64;
    private const long FineRanks = 128;

    private readonly AdapterPart[] _parts;

    public AdapterFactors(IReadOnlyList<AdapterPart> parts, DType dtype)
    {
        _parts = [.. parts];
        Rank = RankOf(parts);
        var (inFeatures, outFeatures) = (parts[0].Change.Down.Shape[1], parts[0].Change.Up.Shape[0]);
        using var down = Tensor.Zeros(DType.F32, [1, inFeatures, Rank]);
        using var up = Tensor.Zeros(DType.F32, [1, Rank, outFeatures]);
        var column = 0L;
        foreach (var part in parts)
        {
            Place(part.Source, part.Change.Down, down.Write<float>(), column, Rank);
            // rows of up are columns of the file's
            Place(part.Source, part.Change.Up, up.Write<float>(), column * outFeatures, outFeatures);
            column += part.Change.Rank;
        }

        (Down, Up) = (down.ConvertTo(dtype), up.ConvertTo(dtype));
    }

    /// <summary>How many columns there are.</summary>
    public long Rank { get; }

    /// <summary>[1, in, rank].</summary>
    public Tensor Down { get; }

    /// <summary>[1, rank, out].</summary>
    public Tensor Up { get; }

    /// <summary>Bytes of both.</summary>
    public long ByteLength => Down.ByteLength + Up.ByteLength;

    /// <summary>The rank of some parts together, rounded up.</summary>
    public static long RankOf(IEnumerable<AdapterPart> parts)
    {
        var rank = parts.Sum(part => part.Change.Rank);
        var step = rank <= FineRanks ? Step : CoarseStep;
        return (rank + step - 1) / step * step;
    }

    /// <summary>What the columns are multiplied by; those beyond the parts' are cleared.</summary>
    public void FillScales(IReadOnlyList<float> strengths, Span<float> scales)
    {
        scales.Clear();
        var column = 0;
        foreach (var part in _parts)
        {
            scales.Slice(column, (int)part.Change.Rank).Fill((float)(strengths[part.Lora] * part.Change.Scale));
            column += (int)part.Change.Rank;
        }
    }

    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
    }

    /// <summary>
    /// Writes a matrix [rows, columns] turned, [columns, rows], into rows of a length, from a place on.
    /// </summary>
    private static void Place(string source, Tensor matrix, Span<float> target, long start, long stride)
    {
        var (rows, columns) = ((int)matrix.Shape[0], (int)matrix.Shape[1]);
        using var wide = Tensor.Zeros(DType.F32, matrix.Shape);
        matrix.ConvertTo(wide);
        var values = wide.Read<float>();
        if (!TensorPrimitives.IsFiniteAll(values))
        {
            throw new CheckpointException(
                source,
                "the LoRA holds NaN or infinity: its training went wrong, or it is damaged; get another."
            );
        }

        const int Tile = 32; // both sides of a tile stay in the cache
        for (var top = 0; top < rows; top += Tile)
        {
            for (var left = 0; left < columns; left += Tile)
            {
                for (var row = top; row < Math.Min(rows, top + Tile); row++)
                {
                    for (var column = left; column < Math.Min(columns, left + Tile); column++)
                    {
                        target[(int)(start + (column * stride) + row)] = values[(row * columns) + column];
                    }
                }
            }
        }
    }
}
