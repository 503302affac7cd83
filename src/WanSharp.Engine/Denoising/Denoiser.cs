using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>Takes denoise steps: the expert for the timestep, its velocity for each branch, guidance, the sampler.</summary>
/// <remarks>Not thread-safe; its buffers grow to the largest clip seen and are kept.</remarks>
internal sealed class Denoiser(Experts experts) : IDisposable
{
    // Branches share a forward pass while the batch's activations stay small; a large clip fills the machine by itself,
    // and a batch of two would only double the memory.
    private const int LargestSharedTokens = 4096;

    private Tensor? _input;
    private Tensor? _velocity;

    /// <summary>Sees the values of each step as they come, as views that end with the call; for parity checks.</summary>
    public Action<StepValue, Tensor>? Observe { get; init; }

    /// <summary>Takes the clip's next step.</summary>
    /// <exception cref="OperationCanceledException">The step was not taken.</exception>
    public void Step(DenoiseState clip, CancellationToken cancellationToken)
    {
        Observe?.Invoke(StepValue.LatentsIn, clip.Latents);
        var timestep = clip.Sampler.Timesteps[clip.Sampler.NextStep];
        var branches = clip.Contexts.Count;
        var velocity = Buffer(ref _velocity, Batch(clip.Latents.Shape, branches));
        var tokens = clip.Latents.Shape.ElementCount / (clip.Latents.Shape[1] * experts.Configuration.PatchSize.Volume);
        if (tokens * branches <= LargestSharedTokens)
        {
            Forward(clip, timestep, 0, branches, velocity, cancellationToken);
        }
        else
        {
            for (var branch = 0; branch < branches; branch++)
            {
                Forward(clip, timestep, branch, 1, velocity.Slice(branch, 1), cancellationToken);
            }
        }

        var guided = Guide(velocity, clip.Guidance.At(experts.IsHighNoise(timestep)));
        clip.Sampler.Advance(guided.Read<float>(), clip.Latents.Write<float>());
        Observe?.Invoke(StepValue.LatentsOut, clip.Latents);
        clip.Images.Frames.PutInto(clip.Latents);
    }

    public void Dispose()
    {
        _input?.Dispose();
        _velocity?.Dispose();
    }

    private void Forward(DenoiseState clip, float timestep, int firstBranch, int count, Tensor velocity, CancellationToken cancellationToken)
    {
        var input = Buffer(ref _input, InputShape(clip, count));
        for (var row = 0; row < count; row++)
        {
            var rowValues = input.Slice(row, 1).Write<float>();
            clip.Latents.Read<float>().CopyTo(rowValues);
            clip.Images.Channels?.Read<float>().CopyTo(rowValues[(int)clip.Latents.Shape.ElementCount..]);
        }

        // One timestep for the clip, or one for each latent frame when some are given.
        var groups = clip.Images.Frames.Any ? (int)clip.Latents.Shape[2] : 1;
        var timesteps = new float[count * groups]; // [branches, groups]
        for (var row = 0; row < count; row++)
        {
            clip.Images.Frames.FillTimesteps(timestep, timesteps.AsSpan(row * groups, groups));
        }

        var expert = experts.At(timestep);
        List<TextKeys> contexts = [.. clip.Branches.Skip(firstBranch).Take(count).Select(branch => branch.KeysFor(expert, cancellationToken))];
        expert.Forward(input, timesteps, contexts, velocity, cancellationToken);
    }

    private Tensor Guide(Tensor velocity, float scale)
    {
        var conditional = velocity.Slice(0, 1);
        Observe?.Invoke(StepValue.Conditional, conditional);
        if (velocity.Shape[0] == 1)
        {
            return conditional;
        }

        var unconditional = velocity.Slice(1, 1);
        Observe?.Invoke(StepValue.Unconditional, unconditional);
        GuidedVelocity.Combine(conditional.Read<float>(), unconditional.Read<float>(), scale, conditional.Write<float>());
        Observe?.Invoke(StepValue.Guided, conditional);
        return conditional;
    }

    private static Shape InputShape(DenoiseState clip, int count)
    {
        var latents = clip.Latents.Shape;
        return [count, latents[1] + (clip.Images.Channels?.Shape[1] ?? 0), latents[2], latents[3], latents[4]];
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
