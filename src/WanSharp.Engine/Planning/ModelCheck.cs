using System.Numerics.Tensors;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Engine.Planning;

/// <summary>Checks that a model can make the clips that its own defaults ask for.</summary>
public static class ModelCheck
{
    /// <summary>Plans a clip with the model's defaults. Reads no weights.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="CheckpointException">The model cannot run with its defaults.</exception>
    public static void RequireUsableDefaults(WanModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            GenerationPlanner.Sketch(new GenerationRequest { Prompt = "any" }, model, requireImages: false);
        }
        catch (InvalidRequestException e)
        {
            throw new CheckpointException(model.Source, $"the model cannot run with its own default settings: {e.Message}", e);
        }
    }

    /// <summary>One weight of NaN makes every latent NaN: refused before anything is kept, decoded and taken for a clip.</summary>
    /// <exception cref="CheckpointException">A latent is NaN or infinite.</exception>
    internal static void RequireNumbers(WanModel model, Tensor latents, DType compute)
    {
        if (!TensorPrimitives.IsFiniteAll<float>(latents.Read<float>()))
        {
            throw new CheckpointException(
                model.TransformerWeights.Path,
                $"the transformer produced NaN or infinity, so {NetworkOutput.Cause(compute)}."
            );
        }
    }
}
