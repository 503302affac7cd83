using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>What Diffusers' <c>model_index.json</c> says of a pipeline's parts.</summary>
internal static class PipelineIndex
{
    private const string FileName = "model_index.json";
    private const int MaximumBytes = 1 << 20;

    /// <summary>
    /// The share of the timesteps above which the first of two transformers takes a step, as the pipeline's index says it; null if it does
    /// not.
    /// </summary>
    /// <param name="transformerFolder">The folder of one of them.</param>
    public static double? BoundaryOf(string transformerFolder) =>
        Read(transformerFolder) is { } index
        && index.TryGetProperty("boundary_ratio", out var boundary)
        && boundary.ValueKind == JsonValueKind.Number
        && boundary.GetDouble() is > 0 and < 1 and var share
            ? share
            : null;

    /// <summary>Whether the pipeline that a transformer's folder belongs to has two transformers, whether or not both are there.</summary>
    /// <param name="transformerFolder">The folder of one of them.</param>
    public static bool HasTwoTransformers(string transformerFolder) =>
        Read(transformerFolder) is { } index
        && index.TryGetProperty("transformer_2", out var second)
        && second.ValueKind == JsonValueKind.Array
        && second.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String);

    private static JsonElement? Read(string transformerFolder)
    {
        var path = Path.Combine(Path.GetDirectoryName(transformerFolder) ?? "", FileName);
        try
        {
            return
                File.Exists(path)
                && JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes) is { ValueKind: JsonValueKind.Object } index
                ? index
                : null;
        }
        catch (CheckpointException)
        {
            return null; // it decides nothing else: what cannot be read says nothing
        }
    }
}
