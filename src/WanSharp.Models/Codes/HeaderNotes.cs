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

            if (root.TryGetProperty(Version, out var version) && !IsKnown(version.ToString()))
            {
                throw new CheckpointException(
                    checkpoint.Path,
                    $"its note {Key} is of version {CheckpointException.Quote(version.ToString())}, and this version reads 1: get the file "
                        + "in another format."
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

    /// <summary>
    /// The names that a layer may have in a network: its own, and what is left of it when a tool took a prefix off the tensors, and not
    /// off the notes.
    /// </summary>
    /// <param name="layer">The name in a note.</param>
    /// <param name="isTensor">Whether the file has a tensor of that name; what is there needs no other name.</param>
    public static IEnumerable<string> NamesOf(string layer, Func<string, bool> isTensor)
    {
        var name = QuantizedNames.Unwrapped(layer);
        name = name.EndsWith(WeightScale.WeightSuffix, StringComparison.Ordinal) ? name[..^WeightScale.WeightSuffix.Length] : name;
        yield return name;
        if (isTensor(name + WeightScale.WeightSuffix))
        {
            yield break;
        }

        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            yield return name[(dot + 1)..];
        }
    }

    /// <summary>The error for notes of layers that no network of a file has.</summary>
    public static CheckpointException WithoutLayer(ICheckpoint checkpoint, IReadOnlyList<string> layers) =>
        new(
            checkpoint.Path,
            layers[0],
            $"its note {Key} says how this layer{(layers.Count > 1 ? $" and {layers.Count - 1} more were" : " was")} quantized, but the "
                + "file has no weight of that name: another program renamed the tensors. Get the original file."
        );

    private static bool IsKnown(string version) => version == "1" || version.StartsWith("1.", StringComparison.Ordinal);

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
