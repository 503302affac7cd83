using System.Diagnostics;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Times forward passes such as a clip's, on latents and text that are all zeros.</summary>
/// <param name="model">The network's dimensions.</param>
/// <param name="plan">The clip.</param>
internal sealed class PassTimer(WanModel model, GenerationPlan plan)
{
    // A few seconds for the largest models; which strategy is faster shows at fewer frames, too.
    private const int MostTimedTokens = 4096;

    private const int Passes = 3;
    private const float AnyTimestep = 500;

    /// <summary>The seconds of the fastest of three passes after one that compiles and allocates.</summary>
    public double Time(TransformerRunner runner, CancellationToken cancellationToken)
    {
        var network = model.Transformer;
        var frames = Math.Clamp(plan.PassLatents[2] * MostTimedTokens / plan.Tokens, 1, plan.PassLatents[2]);
        var tokens = plan.Tokens / plan.PassLatents[2] * frames;
        var batch = SharedPass.RowsFor(tokens, Math.Max(1, plan.Branches), clips: 1);
        using var latents = Tensor.Zeros(DType.F32, [batch, network.GivenChannels, frames, plan.Latents[3], plan.Latents[4]]);
        using var velocity = Tensor.Zeros(DType.F32, [batch, network.OutChannels, frames, plan.Latents[3], plan.Latents[4]]);
        using var context = Tensor.Zeros(DType.F32, [1, network.TextLength, network.TextDim]);
        using var image = network.VisionDim is { } dim
            ? Tensor.Zeros(DType.F32, [1, network.VisionRowsFor(model.VisionEncoder!.Tokens), dim])
            : null;
        using var keys = runner.PrepareContext(context, image, cancellationToken: cancellationToken);
        TextKeys[] contexts = [.. Enumerable.Repeat(keys, batch)];
        float[] timesteps = [.. Enumerable.Repeat(AnyTimestep, batch)];
        runner.Forward(latents, timesteps, contexts, velocity, cancellationToken);
        var best = TimeSpan.MaxValue;
        for (var pass = 0; pass < Passes; pass++)
        {
            var started = Stopwatch.GetTimestamp();
            runner.Forward(latents, timesteps, contexts, velocity, cancellationToken);
            best = Stopwatch.GetElapsedTime(started) is var time && time < best ? time : best;
        }

        return best.TotalSeconds;
    }
}
