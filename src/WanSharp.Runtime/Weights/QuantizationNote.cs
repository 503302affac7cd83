using System.Text.Json;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// How a weight was quantized, as ComfyUI notes it next to the weight: JSON in the bytes of the tensor <c>comfy_quant</c>. What
/// the note says must be understood, because it can change what the codes mean.
/// </summary>
/// <remarks>Sources: Comfy-Org/ComfyUI:QUANTIZATION.md, comfy/quant_ops.py (QUANT_ALGOS) and comfy/ops.py; silveroxides/convert_to_quant
/// (scales by row and by block, under the same note).</remarks>
internal sealed class QuantizationNote
{
    /// <summary>What stands after the name of a layer to name its note.</summary>
    public const string Suffix = ".comfy_quant";

    private const int LongestText = 1 << 12;
    private const int DefaultGroup = 256;

    private static readonly Dictionary<string, DType> Formats = new(StringComparer.Ordinal)
    {
        ["float8_e4m3fn"] = DType.F8E4M3,
        ["float8_e4m3fn_rowwise"] = DType.F8E4M3,
        ["float8_e4m3fn_blockwise"] = DType.F8E4M3,
        ["float8_e5m2"] = DType.F8E5M2,
        ["int8_tensorwise"] = DType.I8,
        ["int8_blockwise"] = DType.I8,
    };

    private readonly bool _isRotated;
    private readonly int _group;
    private readonly long[]? _shape;

    private QuantizationNote(string format, bool isRotated, int group, long[]? shape) =>
        (Format, _isRotated, _group, _shape) = (format, isRotated, group, shape);

    /// <summary>
    /// Rows and columns of the parts that share a scale, where it says them; of groups of a row the rows are the same number.
    /// </summary>
    public (int Rows, int Columns)? Block { get; private init; }

    /// <summary>Whether it says that each row has a scale.</summary>
    public bool IsPerRow { get; private init; }

    /// <summary>The format's name.</summary>
    public string Format { get; }

    /// <summary>How a layer multiplies whose weight has this note: in 8-bit integers if these are what it was quantized to.</summary>
    public LayerFormat Layer =>
        Formats[Format] != DType.I8 ? LayerFormat.Exact
        : _isRotated ? new LayerFormat(true, _group)
        : LayerFormat.EightBit;

    /// <summary>The note of a weight, or null when it has none.</summary>
    /// <exception cref="CheckpointException">It says something that is not understood.</exception>
    public static QuantizationNote? Find(ICheckpoint checkpoint, string weight)
    {
        var name = weight[..^WeightScale.WeightSuffix.Length] + Suffix;
        if (!checkpoint.Tensors.TryGetValue(name, out var tensor))
        {
            return checkpoint.Unsupported.ContainsKey(name)
                ? throw new CheckpointException(checkpoint.Path, name, "it is not the bytes of a text, which a note of ComfyUI's is.")
                : null;
        }

        if (tensor.DType is not (DType.U8 or DType.I8) || tensor.ByteLength > LongestText)
        {
            throw new CheckpointException(
                checkpoint.Path,
                name,
                $"{tensor.DType.Name()} {tensor.Shape} is not the bytes of a short text, which a note of ComfyUI's is."
            );
        }

        try
        {
            using var text = JsonDocument.Parse(TextOf(tensor), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Read(text.RootElement, problem => new CheckpointException(checkpoint.Path, name, problem));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException(checkpoint.Path, name, $"it is not the JSON that a note of ComfyUI's is: {e.Message}");
        }
    }

    /// <summary>The text of a note without the NUL bytes that some tools pad it with.</summary>
    public static ReadOnlyMemory<byte> TextOf(Tensor note)
    {
        var bytes = note.ReadBytes(0, (int)Math.Min(note.ByteLength, LongestText)).ToArray();
        return bytes.AsMemory(0, bytes.AsSpan().TrimEnd((byte)0).Length);
    }

    /// <summary>Checks that a weight is what the note says.</summary>
    /// <exception cref="CheckpointException">It is not.</exception>
    public void Require(string path, string name, Tensor weight)
    {
        if (weight.DType != Formats[Format])
        {
            throw new CheckpointException(
                path,
                name,
                $"it is {weight.DType.Name()}, but its note says that it was quantized as {Format}; the file is damaged."
            );
        }

        if (_shape is not null && !weight.Shape.Dims.SequenceEqual(_shape))
        {
            throw new CheckpointException(
                path,
                name,
                $"its shape is {weight.Shape}, but its note says [{string.Join(", ", _shape)}]; the file is damaged."
            );
        }
    }

    /// <summary>The rotation to undo, or null.</summary>
    /// <exception cref="CheckpointException">The weight's rows do not consist of whole groups, or there is no such rotation.</exception>
    public RegularHadamard? Rotation(string path, string name, long columns) =>
        !_isRotated ? null
        : columns % _group == 0 && RegularHadamard.Of(_group) is { } rotation ? rotation
        : throw new CheckpointException(
            path,
            name,
            $"its rows of {columns} are said to be rotated in groups of {_group}, which must be a power of 4 that divides them."
        );

    private static QuantizationNote Read(JsonElement note, Func<string, CheckpointException> refuse)
    {
        string? format = null;
        var (isRotated, group) = (false, DefaultGroup);
        long[]? shape = null;
        (int Rows, int Columns)? block = null;
        var isPerRow = false;
        foreach (var property in note.EnumerateObject())
        {
            switch (property.Name)
            {
                case "format":
                    format = property.Value.GetString();
                    break;
                case "convrot":
                    isRotated = property.Value.GetBoolean();
                    break;
                case "convrot_groupsize":
                    group = Integer(property.Value, refuse);
                    break;
                case "orig_shape":
                    shape = [.. property.Value.EnumerateArray().Select(dim => (long)Integer(dim, refuse))];
                    break;

                case "per_row":
                    isPerRow = property.Value.GetBoolean();
                    break;
                case "group_size" or "block_size":
                    var said = BlockOf(property.Value, refuse);
                    block =
                        block is null || block == said
                            ? said
                            : throw refuse("its group_size and its block_size differ: which one is meant is not known.");
                    break;

                // They are about activations, or what there was before.
                case "full_precision_matrix_mult"
                or "orig_dtype":
                    break;
                default:
                    throw refuse(
                        $"it says {CheckpointException.Quote(property.Name)} of the weight, which is not understood: the "
                            + "file is of a later format than this version reads."
                    );
            }
        }

        return format is not null && Formats.ContainsKey(format)
            ? new QuantizationNote(format, isRotated, group, shape) { Block = block, IsPerRow = isPerRow }
            : throw refuse(
                $"ComfyUI's format {CheckpointException.Quote(format ?? "")} is not supported; scaled fp8 and int8, rotated or not, are."
            );
    }

    /// <summary>One number, or one for rows and one for columns.</summary>
    private static (int Rows, int Columns) BlockOf(JsonElement value, Func<string, CheckpointException> refuse)
    {
        int[] sides =
            value.ValueKind == JsonValueKind.Array
                ? [.. value.EnumerateArray().Select(side => Integer(side, refuse))]
                : [Integer(value, refuse)];
        return sides switch
        {
            [var side] => (side, side),
            [var rows, var columns] => (rows, columns),
            _ => throw refuse($"a size of blocks in it is {CheckpointException.Quote(value.ToString())}."),
        };
    }

    private static int Integer(JsonElement value, Func<string, CheckpointException> refuse) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
            ? number
            : throw refuse($"a number in it is {CheckpointException.Quote(value.ToString())}.");
}
