using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>What Diffusers' <c>model_index.json</c> says of a pipeline's parts.</summary>
internal static class PipelineIndex
{
    private const string FileName = "model_index.json";
    private const int MaximumBytes = 1 << 20;

    /// <summary>Whether the pipeline that a transformer's folder belongs to has two transformers, whether or not both are there.</summary>
    /// <param name="transformerFolder">The folder of one of them.</param>
    public static bool HasTwoTransformers(string transformerFolder)
    {
        var path = Path.Combine(Path.GetDirectoryName(transformerFolder) ?? "", FileName);
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            return JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes) is { ValueKind: JsonValueKind.Object } index
                && index.TryGetProperty("transformer_2", out var second)
                && second.ValueKind == JsonValueKind.Array
                && second.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String);
        }
        catch (CheckpointException)
        {
            return false; // it decides nothing else: what cannot be read says nothing
        }
    }
}
