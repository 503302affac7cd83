using System.Text;
using System.Text.Json;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Codes;

/// <summary>
/// ComfyUI's notes of quantized layers that are in a file's header, <c>_quantization_metadata</c>, as the tensors that other
/// files of ComfyUI's have next to the weights. ComfyUI itself makes them so.
/// </summary>
/// <remarks>Source: Comfy-Org/ComfyUI:comfy/utils.py, convert_old_quants.</remarks>
internal static class HeaderNotes
{
    private const string Key = "_quantization_metadata";
    private const string Layers = "layers";
    private const string Version = "format_version";
    private const int MostDepth = 8;

    private static readonly string[] Meanings = ["format", "convrot", "convrot_groupsize"];

    /// <summary>The notes by the stored name of their layer; none if the header has none.</summary>
    /// <exception cref="CheckpointException">They are of a kind that is not understood.</exception>
    public static IReadOnlyDictionary<string, string> Read(ICheckpoint checkpoint)
    {
        if (!checkpoint.Metadata.TryGetValue(Key, out var text))
        {
            return new Dictionary<string, string>();
        }

        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = MostDepth });
            var root = json.RootElement;
            if (
                root.EnumerateObject().FirstOrDefault(property => property.Name is not (Layers or Version)) is
                { Value.ValueKind: not JsonValueKind.Undefined } other
            )
            {
                throw new CheckpointException(
                    checkpoint.Path,
                    $"its note {Key} says {CheckpointException.Quote(other.Name)}, which is not understood: the file "
                        + "is of a later format than this version reads."
                );
            }

            return root.TryGetProperty(Layers, out var layers)
                ? layers.EnumerateObject().ToDictionary(layer => layer.Name, layer => layer.Value.GetRawText())
                : new Dictionary<string, string>();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException(checkpoint.Path, $"its note {Key} is not the JSON that ComfyUI writes: {e.Message}", e);
        }
    }

    /// <summary>A note as the tensor that it would be.</summary>
    /// <exception cref="CheckpointException">The layer's own note says something else.</exception>
    public static Tensor ToTensor(ICheckpoint checkpoint, string layer, string note, Tensor? own)
    {
        if (own is not null && !Agrees(note, own))
        {
            throw new CheckpointException(
                checkpoint.Path,
                layer + QuantizationNote.Suffix,
                $"it and the header's {Key} differ in how the layer was quantized; the file is damaged."
            );
        }

        var bytes = Encoding.UTF8.GetBytes(note);
        return own ?? Tensor.CopyOf<byte>([bytes.Length], bytes);
    }

    /// <summary>Whether all that a note says of what the codes mean is in the layer's own note, too.</summary>
    private static bool Agrees(string note, Tensor own)
    {
        try
        {
            using var header = JsonDocument.Parse(note);
            using var layer = JsonDocument.Parse(QuantizationNote.TextOf(own));
            return Meanings.All(name =>
                !header.RootElement.TryGetProperty(name, out var said)
                || (layer.RootElement.TryGetProperty(name, out var other) && JsonElement.DeepEquals(said, other))
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
