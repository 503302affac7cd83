using System.Numerics.Tensors;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Checks what a network computed before anything builds on it: one damaged weight makes all of it NaN, which as pixels would be a black
/// clip.
/// </summary>
internal static class NetworkOutput
{
    /// <summary>Refuses an output that holds NaN or infinity, and disposes it.</summary>
    /// <param name="output">The output, F32.</param>
    /// <param name="weights">The network's weights, for the message.</param>
    /// <param name="compute">What it computed in, for the message.</param>
    /// <returns>The output.</returns>
    /// <exception cref="CheckpointException">A number is NaN or infinite.</exception>
    public static Tensor Finite(Tensor output, WeightStore weights, DType compute = DType.F32)
    {
        if (TensorPrimitives.IsFiniteAll<float>(output.Read<float>()))
        {
            return output;
        }

        output.Dispose();
        throw new CheckpointException(weights.Path, $"the network in it computed NaN or infinity, so {Cause(compute)}.");
    }

    /// <summary>What numbers that are none come from, and the way out.</summary>
    public static string Cause(DType compute) =>
        compute == DType.F16
            ? "a number was probably beyond the range of F16 (65,504): choose --precision bf16 or fp32"
            : "a weight is probably damaged: get the file again";
}
