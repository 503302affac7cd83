using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Codes;

/// <summary>Writes a transformer's matrices of blocks as a tool quantizes them, and keeps the numbers that they stand for.</summary>
internal sealed class Quantizer : IDisposable
{
    private const float LargestFloat8 = 448;
    private const float LargestCode = 127;

    private readonly List<Tensor> _tensors = [];

    /// <summary>The file's tensors.</summary>
    public Dictionary<string, Tensor> Stored { get; } = [];

    /// <summary>What they stand for, under official names.</summary>
    public Dictionary<string, float[]> Expected { get; } = [];

    /// <summary>Quantizes a network.</summary>
    /// <param name="network">Float32 under official names.</param>
    /// <param name="quantize">Adds a matrix under the name of its layer.</param>
    public static Quantizer Of(IReadOnlyDictionary<string, Tensor> network, Action<Quantizer, string, Tensor> quantize)
    {
        var quantizer = new Quantizer();
        foreach (var (name, tensor) in network)
        {
            if (
                name.StartsWith("blocks.", StringComparison.Ordinal)
                && name.EndsWith(".weight", StringComparison.Ordinal)
                && tensor.Shape.Rank == 2
            )
            {
                quantize(quantizer, name[..^".weight".Length], tensor);
            }
            else
            {
                quantizer.Stored[name] = quantizer.Keep(tensor.ConvertTo(DType.BF16));
                using var rounded = quantizer.Stored[name].ConvertTo(DType.F32);
                quantizer.Expected[name] = rounded.Read<float>().ToArray();
            }
        }

        return quantizer;
    }

    /// <summary>Codes with a scale for each block of a matrix.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="matrix">What they stand for, about.</param>
    /// <param name="dtype">I8 or F8E4M3.</param>
    /// <param name="blockRows">A block's rows.</param>
    /// <param name="blockColumns">A block's columns.</param>
    /// <param name="rotation">The size of the groups that are rotated; 1 for none.</param>
    /// <returns>The codes, and the scales as a matrix.</returns>
    public (Tensor Codes, Tensor Scales) Quantize(
        string layer,
        Tensor matrix,
        DType dtype,
        long blockRows,
        long blockColumns,
        int rotation = 1
    )
    {
        var (rows, columns) = (matrix.Shape[0], matrix.Shape[1]);
        var values = Rotated(matrix.Read<float>().ToArray(), rotation);
        var across = (columns + blockColumns - 1) / blockColumns;
        var scales = new float[(rows + blockRows - 1) / blockRows * across];
        int BlockOf(int i) => (int)((i / columns / blockRows * across) + (i % columns / blockColumns));
        for (var i = 0; i < values.Length; i++)
        {
            scales[BlockOf(i)] = Math.Max(scales[BlockOf(i)], Math.Abs(values[i]) / (dtype == DType.I8 ? LargestCode : LargestFloat8));
        }

        using var scaled = Tensor.CopyOf<float>([rows, columns], [.. values.Select((value, i) => value / scales[BlockOf(i)])]);
        var codes = Keep(
            dtype == DType.I8
                ? Tensor.CopyOf<sbyte>([rows, columns], [.. scaled.Read<float>().ToArray().Select(value => (sbyte)MathF.Round(value))])
                : scaled.ConvertTo(dtype)
        );
        using var wide = codes.ConvertTo(DType.F32);
        Expected[layer + ".weight"] = [.. Rotated(wide.Read<float>().ToArray(), rotation).Select((code, i) => code * scales[BlockOf(i)])];
        return (codes, Keep(Tensor.CopyOf<float>([scales.Length / across, across], scales)));
    }

    /// <summary>Scales in bfloat16, as some tools keep them; the numbers are those of the rounded scales.</summary>
    public Tensor InBFloat16(string layer, Tensor codes, Tensor scales)
    {
        var rounded = Keep(scales.ConvertTo(DType.BF16));
        using var wide = rounded.ConvertTo(DType.F32);
        using var values = codes.ConvertTo(DType.F32);
        var columns = codes.Shape.ElementCount / scales.Shape.ElementCount;
        Expected[layer + ".weight"] =
        [
            .. values.Read<float>().ToArray().Select((code, i) => code * wide.Read<float>()[(int)(i / columns)]),
        ];
        return rounded;
    }

    /// <summary>A text in a tensor.</summary>
    public Tensor Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Keep(Tensor.CopyOf<byte>([bytes.Length], bytes));
    }

    public Tensor Number(float value, DType dtype = DType.F32)
    {
        using var number = Tensor.CopyOf<float>(Shape.Scalar, [value]);
        return Keep(number.ConvertTo(dtype));
    }

    public Tensor Zeros(DType dtype, Shape shape)
    {
        var tensor = Keep(Tensor.Zeros(dtype, shape));
        tensor.WriteBytes(0, (int)tensor.ByteLength).Fill(0x31);
        return tensor;
    }

    public Tensor Keep(Tensor tensor)
    {
        _tensors.Add(tensor);
        return tensor;
    }

    public void Dispose() => _tensors.ForEach(tensor => tensor.Dispose());

    /// <summary>Groups of numbers times the regular Hadamard matrix, by its definition.</summary>
    private static float[] Rotated(float[] values, int group)
    {
        if (group == 1)
        {
            return values;
        }

        float[,] small =
        {
            { 1, 1, 1, -1 },
            { 1, 1, -1, 1 },
            { 1, -1, 1, 1 },
            { -1, 1, 1, 1 },
        };
        var rotated = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var first = i - (i % group);
            double sum = 0;
            for (var j = 0; j < group; j++)
            {
                var sign = 1f;
                for (int size = group, a = i - first, b = j; size > 1; size /= 4, a /= 4, b /= 4)
                {
                    sign *= small[a % 4, b % 4];
                }

                sum += sign * values[first + j];
            }

            rotated[i] = (float)(sum / Math.Sqrt(group));
        }

        return rotated;
    }
}
