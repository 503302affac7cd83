using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>
/// Leaves out what a LoRA does to the first layer where it was trained with other inputs: those of text to video and of image to video
/// differ in nothing else, and are used with each other's models.
/// </summary>
/// <remarks>Source: Comfy-Org/ComfyUI:comfy/lora.py, which leaves out a difference of another shape.</remarks>
internal static class LoraInputs
{
    private const string Layer = "patch_embedding";

    // What changes the layer's weight; its bias does not depend on the inputs.
    private static readonly LoraRole[] OfBias = [LoraRole.BiasDifference];

    /// <summary>A layer's tensors that fit a model, and the names of those that are for other inputs.</summary>
    /// <param name="file">The LoRA.</param>
    /// <param name="keys">The layer's tensors.</param>
    /// <param name="layer">Its official name; null where the model has none.</param>
    /// <param name="weights">The model's weights, with their shapes.</param>
    /// <returns>The tensors, null for none; and the names.</returns>
    public static (IGrouping<string, LoraKey>? Fitting, IReadOnlyList<string> Others) Fitting(
        ICheckpoint file,
        IGrouping<string, LoraKey> keys,
        string? layer,
        IReadOnlyDictionary<string, Shape> weights
    )
    {
        if (layer != Layer || !weights.TryGetValue($"{Layer}.weight", out var shape) || !IsOfOtherInputs(file, keys, shape))
        {
            return (keys, []);
        }

        var others = keys.Where(key => !OfBias.Contains(key.Role)).Select(key => key.Name).ToList();
        return (keys.Where(key => OfBias.Contains(key.Role)).GroupBy(key => key.Module).FirstOrDefault(), others);
    }

    /// <summary>Whether a change has as many outputs as the layer, and another number of whole channels.</summary>
    private static bool IsOfOtherInputs(ICheckpoint file, IEnumerable<LoraKey> keys, Shape shape)
    {
        var (outputs, inputs) = (shape[0], shape.ElementCount / shape[0]);
        var patch = inputs / shape[1]; // elements of a channel
        return (Inputs(LoraRole.Difference, isWhole: true) is { } difference && IsOther(difference))
            || (Outputs(LoraRole.Up) == outputs && Inputs(LoraRole.Down, isWhole: false) is { } down && IsOther(down));

        bool IsOther(long others) => others != inputs && others > 0 && others % patch == 0;

        long? Outputs(LoraRole role) => Find(role) is { Shape.Rank: >= 2 } tensor ? tensor.Shape[0] : null;

        long? Inputs(LoraRole role, bool isWhole) =>
            Find(role) is { Shape.Rank: >= 2 } tensor && tensor.Shape[0] > 0 && (!isWhole || tensor.Shape[0] == outputs)
                ? tensor.Shape.ElementCount / tensor.Shape[0]
                : null;

        Tensor? Find(LoraRole role) =>
            keys.FirstOrDefault(key => key.Role == role) is { } key ? file.Tensors.GetValueOrDefault(key.Name) : null;
    }
}
