using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>Takes denoise steps: the network's velocity for each branch, guidance, the sampler.</summary>
/// <remarks>Not thread-safe; its buffers grow to the largest clip seen and are kept.</remarks>
internal sealed class Denoiser(TransformerRunner transformer) : IDisposable
{
    // Branches share a forward pass while the batch's activations stay small; a large clip fills the machine by itself,
    // and a batch of two would only double the memory.
    private const int LargestSharedTokens = 4096;

    private Tensor? _input;
    private Tensor? _context;
    private Tensor? _velocity;

    /// <summary>Called with the velocities of each step: the prompt's, the negative's if there is one, and the guided one.</summary>
    public Action<VelocityKind, Tensor>? Observe { get; init; }

    /// <summary>Takes the clip's next step.</summary>
    /// <exception cref="OperationCanceledException">The step was not taken.</exception>
    public void Step(DenoiseState clip, CancellationToken cancellationToken)
    {
        var branches = clip.Contexts.Count;
        var tokens = clip.Latents.Shape.ElementCount / (clip.Latents.Shape[1] * transformer.Configuration.PatchSize.Volume);
        var velocity = Buffer(ref _velocity, Batch(clip.Latents.Shape, branches));
        if (tokens * branches <= LargestSharedTokens)
        {
            Forward(clip, 0, branches, velocity, cancellationToken);
        }
        else
        {
            for (var branch = 0; branch < branches; branch++)
            {
                Forward(clip, branch, 1, velocity.Slice(branch, 1), cancellationToken);
            }
        }

        clip.Sampler.Advance(Guide(clip, velocity), clip.Latents.Write<float>());
        clip.Clean.PutInto(clip.Latents);
    }

    public void Dispose()
    {
        _input?.Dispose();
        _context?.Dispose();
        _velocity?.Dispose();
    }

    private void Forward(DenoiseState clip, int firstBranch, int count, Tensor velocity, CancellationToken cancellationToken)
    {
        var input = Buffer(ref _input, Batch(clip.Latents.Shape, count));
        var context = Buffer(ref _context, Batch(clip.Contexts[0].Shape, count));
        for (var row = 0; row < count; row++)
        {
            clip.Latents.Read<float>().CopyTo(input.Slice(row, 1).Write<float>());
            clip.Contexts[firstBranch + row].Read<float>().CopyTo(context.Slice(row, 1).Write<float>());
        }

        // One timestep for the clip, or one for each latent frame when some are given.
        var groups = clip.Clean.Any ? (int)clip.Latents.Shape[2] : 1;
        var timesteps = new float[count * groups]; // [branches, groups]
        clip.Clean.FillTimesteps(clip.Sampler.Timesteps[clip.Sampler.NextStep], timesteps.AsSpan(0, groups));
        for (var row = 1; row < count; row++)
        {
            timesteps.AsSpan(0, groups).CopyTo(timesteps.AsSpan(row * groups));
        }

        transformer.Forward(input, timesteps, context, velocity, cancellationToken: cancellationToken);
    }

    private ReadOnlySpan<float> Guide(DenoiseState clip, Tensor velocity)
    {
        var conditional = velocity.Slice(0, 1);
        Observe?.Invoke(VelocityKind.Conditional, conditional);
        if (clip.Contexts.Count == 1)
        {
            return conditional.Read<float>();
        }

        var unconditional = velocity.Slice(1, 1);
        Observe?.Invoke(VelocityKind.Unconditional, unconditional);
        GuidedVelocity.Combine(conditional.Read<float>(), unconditional.Read<float>(), clip.GuidanceScale, conditional.Write<float>());
        Observe?.Invoke(VelocityKind.Guided, conditional);
        return conditional.Read<float>();
    }

    private static Shape Batch(Shape one, int count) => Shape.Create([count, .. one.Dims[1..]]);

    private static Tensor Buffer(ref Tensor? buffer, Shape shape)
    {
        if (buffer?.Shape != shape)
        {
            buffer?.Dispose();
            buffer = Tensor.Zeros(DType.F32, shape);
        }

        return buffer;
    }
}
