using System.Text;
using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Codes;

/// <summary>The note of quanto's layers in a file's header, which must not say another type than the file has.</summary>
/// <remarks>
/// Sources: deepbeepmeep/mmgp:src/mmgp/safetensors2.py (which writes it for Wan2GP) and huggingface/optimum-quanto:
/// optimum/quanto/quantize.py: a type of weights for each layer.
/// </remarks>
internal static class QuantoMap
{
    private const string Key = "quantization_map";
    private const string Encoded = "quantization_map_base64";
    private const string Weights = "weights";
    private const string Integers = "qint8";
    private const string Floats = "qfloat8";
    private const string None = "none";

    // What quanto calls the codes of a layer, and what it calls them without its wrapper.
    private static readonly string[] Codes = [".weight._data", ".weight"];

    /// <summary>Checks the note, if there is one.</summary>
    /// <exception cref="CheckpointException">It is not understood, says a type that is not supported, or another than the weight
    /// has.</exception>
    public static void Require(ICheckpoint checkpoint)
    {
        try
        {
            if (NoteOf(checkpoint) is not { } note)
            {
                return;
            }

            using var json = JsonDocument.Parse(note);
            foreach (var layer in json.RootElement.EnumerateObject())
            {
                Require(checkpoint, layer.Name, layer.Value.GetProperty(Weights).GetString() ?? None);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CheckpointException(checkpoint.Path, $"its note {Key} is not the JSON that quanto writes: {e.Message}", e);
        }
    }

    private static byte[]? NoteOf(ICheckpoint checkpoint) =>
        checkpoint.Metadata.TryGetValue(Encoded, out var encoded) ? Convert.FromBase64String(encoded)
        : checkpoint.Metadata.TryGetValue(Key, out var note) ? Encoding.UTF8.GetBytes(note)
        : null;

    private static void Require(ICheckpoint checkpoint, string layer, string type)
    {
        var isFloat = type.StartsWith(Floats, StringComparison.Ordinal);
        if (!isFloat && type is not (Integers or None))
        {
            throw new CheckpointException(
                checkpoint.Path,
                layer,
                $"its note {Key} says that it is quanto's {type}, which is not supported: {ForeignFormats.WayOut}."
            );
        }

        var stored = Codes.Select(end => checkpoint.Tensors.GetValueOrDefault(layer + end)).FirstOrDefault(tensor => tensor is not null);
        var isOther = stored?.DType switch
        {
            DType.I8 => type != Integers,
            DType.F8E4M3 or DType.F8E5M2 => !isFloat,
            _ => false, // no codes, or none that this note is of
        };
        if (isOther)
        {
            throw new CheckpointException(
                checkpoint.Path,
                layer,
                $"its note {Key} says that it is quanto's {type}, but it is {stored!.DType.Name()}: another program changed the file. Get "
                    + "the original."
            );
        }
    }
}
