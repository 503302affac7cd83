using System.Numerics.Tensors;
using System.Text;
using System.Text.Json;
using WanSharp.Graphs;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Weights;

/// <summary>A linear layer's weight in 8-bit integers as files have it: codes, a scale for each row, and ComfyUI's note.</summary>
/// <remarks>Format: Comfy-Org/ComfyUI:QUANTIZATION.md and comfy/quant_ops.py, <c>int8_tensorwise</c>; for the rotation
/// leejet/stable-diffusion.cpp:docs/int8_convrot.md.</remarks>
internal static class QuantizedLayer
{
    private const float Largest = 127; // of a file, whatever this processor multiplies

    private const string FormatName = "int8_tensorwise";

    /// <summary>The tensors that replace a layer's weight.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="format">In 8 bits.</param>
    public static IEnumerable<KeyValuePair<string, SafetensorsEntry>> Entries(WeightStore weights, string layer, LayerFormat format)
    {
        var name = layer + WeightScale.WeightSuffix;
        var shape = weights.Stored[name].Shape;
        var slot = new WeightSlot(name, DType.F32, shape);
        var note = Encoding.UTF8.GetBytes(NoteOf(format));
        yield return new(name, new SafetensorsEntry(DType.I8, shape, () => Codes(weights, slot, format)));
        Shape rows = [shape[0], 1];
        yield return new(layer + ".weight_scale", new SafetensorsEntry(DType.F32, rows, () => Scales(weights, slot, format)));
        yield return new(
            layer + QuantizationNote.Suffix,
            new SafetensorsEntry(DType.U8, [note.Length], () => Tensor.CopyOf<byte>([note.Length], note))
        );
    }

    private static string NoteOf(LayerFormat format)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("format", FormatName);
            if (format.Group > 0)
            {
                json.WriteBoolean("convrot", true);
                json.WriteNumber("convrot_groupsize", format.Group);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    private static Tensor Codes(WeightStore weights, WeightSlot slot, LayerFormat format)
    {
        using var matrix = Matrix(weights, slot, format);
        var codes = Tensor.Zeros(DType.I8, slot.Shape);
        Parallel.For(
            0,
            slot.Shape[0],
            row =>
            {
                var values = matrix.Slice(row, 1).Write<float>();
                var magnitude = Magnitude(values);
                TensorPrimitives.Multiply(values, magnitude > 0 ? Largest / magnitude : 0, values);
                TensorPrimitives.Round<float>(values, values);
                TensorPrimitives.ConvertSaturating<float, sbyte>(values, codes.Slice(row, 1).Write<sbyte>());
            }
        );
        return codes;
    }

    private static Tensor Scales(WeightStore weights, WeightSlot slot, LayerFormat format)
    {
        using var matrix = Matrix(weights, slot, format);
        var scales = Tensor.Zeros(DType.F32, [slot.Shape[0], 1]);
        for (var row = 0L; row < slot.Shape[0]; row++)
        {
            scales.Slice(row, 1).Write<float>()[0] = Magnitude(matrix.Slice(row, 1).Read<float>()) / Largest;
        }

        return scales;
    }

    private static Tensor Matrix(WeightStore weights, WeightSlot slot, LayerFormat format)
    {
        var matrix = Tensor.Zeros(DType.F32, slot.Shape);
        weights.CopyTo(slot, "", matrix);
        Int8Codes.Rotate(matrix, format.Group, CancellationToken.None);
        return matrix;
    }

    private static float Magnitude(ReadOnlySpan<float> row) => Math.Abs(TensorPrimitives.MaxMagnitude(row));
}
