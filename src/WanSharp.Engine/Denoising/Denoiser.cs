using WanSharp.Engine.Guidance;
using WanSharp.Engine.StepCaches;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>Takes denoise steps: the expert for the timestep, its velocity for each branch, guidance, the sampler.</summary>
/// <remarks>
/// Not thread-safe; its buffers grow to the largest batch seen and are kept. Clips that step together may differ in all but
/// the shape of what the network is given and its expert: a timestep, a prompt and an image belong to a row.
/// </remarks>
internal sealed class Denoiser(Experts experts) : IDisposable
{
    private const int MostBranches = 2;

    private readonly RowBuffer _input = new();
    private readonly RowBuffer _velocity = new();

    /// <summary>Sees the values of each step as they come, as views that end with the call; for parity checks.</summary>
    public Action<StepValue, Tensor>? Observe { get; init; }

    /// <summary>The reading of the other expert's first weights that the last step began; null before one did.</summary>
    public Task? Reading { get; private set; }

    /// <summary>What clips must have in common to take their next step together.</summary>
    public static BatchKey KeyOf(DenoiseState clip) =>
        new(clip.Latents.Shape, clip.Images.Channels?.Shape[1] ?? 0, clip.Images.ImageFeatures?.Shape, clip.IsHighNoise)
        {
            Copies = clip.Done ? "" : clip.Adapter?.Copies ?? "",
            SlowedFrequency = clip.SlowedFrequency,
            GuidesAttention = clip.Guidance.Attention is not null,
            Layers = clip.Done ? null : clip.Trial?.Of(clip.IsHighNoise),
        };

    /// <summary>Takes the clip's next step.</summary>
    /// <exception cref="OperationCanceledException">The step was not taken.</exception>
    public void Step(DenoiseState clip, CancellationToken cancellationToken) => Step([clip], cancellationToken);

    /// <summary>Takes the next step of clips that have a key in common.</summary>
    /// <exception cref="OperationCanceledException">No step was taken.</exception>
    public void Step(IReadOnlyList<DenoiseState> clips, CancellationToken cancellationToken)
    {
        var first = clips[0];
        Observe?.Invoke(StepValue.LatentsIn, first.Latents);
        var rows = new List<(DenoiseState Clip, int Branch)>();
        for (var branch = 0; branch < MostBranches; branch++)
        {
            rows.AddRange(clips.Where(clip => branch < clip.BranchesNow).Select(clip => (clip, branch)));
        }

        var passes = PassesOf(rows, Share(first.Latents.Shape, clips.Max(clip => clip.BranchesNow)));
        rows = [.. passes.SelectMany(pass => pass)];

        // [rows, channels, frames, height, width], and a row of zeros if a clip takes no velocity in this step
        var velocity = _velocity.Rows(rows.Count + (clips.Any(clip => clip.BranchesNow == 0) ? 1 : 0), first.Latents.Shape);
        var start = 0;
        foreach (var pass in passes)
        {
            Forward(pass, velocity.Slice(start, pass.Count), cancellationToken);
            start += pass.Count;
        }

        foreach (var clip in clips)
        {
            Keep(clip, rows, velocity);
            var (conditional, unconditional) = (rows.IndexOf((clip, 0)), rows.IndexOf((clip, 1)));
            var own = velocity.Slice(conditional < 0 ? rows.Count : conditional, 1);
            if (conditional < 0)
            {
                own.Write<float>().Clear();
            }

            Advance(clip, own, unconditional < 0 ? null : velocity.Slice(unconditional, 1));
        }
    }

    /// <summary>Takes a step that the clip's cache estimates: no network runs.</summary>
    /// <param name="clip">A clip that <see cref="DenoiseState.SkipsNext"/>.</param>
    public void Skip(DenoiseState clip)
    {
        Observe?.Invoke(StepValue.LatentsIn, clip.Latents);
        var branches = clip.BranchesNow;
        var velocity = _velocity.Rows(branches, clip.Latents.Shape); // [branches, channels, frames, height, width]
        var (conditional, unconditional) = (velocity.Slice(0, 1), branches > 1 ? velocity.Slice(1, 1) : null);
        clip.Cache!.Estimate(
            clip.Sampler.NextStep,
            clip.Latents.Read<float>(),
            conditional.Write<float>(),
            unconditional is null ? [] : unconditional.Write<float>()
        );
        Advance(clip, conditional, unconditional);
    }

    /// <summary>Compiles what a clip's steps will need, taken alone.</summary>
    /// <param name="latents">The clip's latents.</param>
    /// <param name="branches">Its branches of guidance.</param>
    /// <param name="hasCleanFrames">Whether some frames are given clean, and have timesteps of their own.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public Task CompileForAsync(Shape latents, int branches, bool hasCleanFrames, CancellationToken cancellationToken)
    {
        var channels = experts.Configuration.GivenChannels;
        Shape input = [Share(latents, branches) ? branches : 1, channels, latents[2], latents[3], latents[4]];
        return experts.CompileForAsync(input, hasCleanFrames ? latents[2] : 1, cancellationToken);
    }

    /// <summary>Gives back what the transformer keeps from step to step, for stages that follow; its buffers here are small.</summary>
    public void ReleaseMemory() => experts.ReleaseMemory();

    public void Dispose()
    {
        _input.Dispose();
        _velocity.Dispose();
    }

    /// <summary>Lets the clip's cache keep what the network gave, before guidance writes over it.</summary>
    private static void Keep(DenoiseState clip, List<(DenoiseState Clip, int Branch)> rows, Tensor velocity)
    {
        if (clip.Cache is { } cache && clip.BranchesNow > 0)
        {
            cache.Keep(
                clip.Sampler.NextStep,
                clip.Latents.Read<float>(),
                velocity.Slice(rows.IndexOf((clip, 0)), 1).Read<float>(),
                clip.BranchesNow > 1 ? velocity.Slice(rows.IndexOf((clip, 1)), 1).Read<float>() : []
            );
        }
    }

    /// <summary>The forward passes of rows: rows that leave out other blocks, and branches that share none, have their own.</summary>
    private static List<List<(DenoiseState Clip, int Branch)>> PassesOf(List<(DenoiseState Clip, int Branch)> rows, bool share) =>
        [.. rows.GroupBy(row => (Branch: share ? 0 : row.Branch, Skipped: string.Join(',', SkippedBy(row)))).Select(pass => pass.ToList())];

    /// <summary>The blocks that a row leaves out.</summary>
    private static IReadOnlyList<int> SkippedBy((DenoiseState Clip, int Branch) row) =>
        row.Branch == 0 ? [] : row.Clip.Guidance.SkippedAt(row.Clip.Sampler.NextStep);

    /// <summary>Whether a clip's branches share a forward pass.</summary>
    private bool Share(Shape latents, int branches) =>
        SharedPass.IsFor(latents.ElementCount / (latents[1] * experts.Configuration.PatchSize.Volume), branches);

    private void Forward(List<(DenoiseState Clip, int Branch)> rows, Tensor velocity, CancellationToken cancellationToken)
    {
        var first = rows[0].Clip;
        var latents = first.Latents.Shape;
        var input = _input.Rows(rows.Count, [1, latents[1] + (first.Images.Channels?.Shape[1] ?? 0), latents[2], latents[3], latents[4]]);

        // One timestep for the clip, or one for each latent frame when some are given.
        var groups = rows.Exists(row => row.Clip.Images.Frames.Any) ? (int)latents[2] : 1;
        var timesteps = new float[rows.Count * groups]; // [rows, groups]
        for (var i = 0; i < rows.Count; i++)
        {
            var clip = rows[i].Clip;
            var values = input.Slice(i, 1).Write<float>();
            clip.Latents.Read<float>().CopyTo(values);
            clip.Images.Channels?.Read<float>().CopyTo(values[(int)latents.ElementCount..]);
            clip.Images.Frames.FillTimesteps(clip.Timestep, timesteps.AsSpan(i * groups, groups));
        }

        var expert = experts.For(first.IsHighNoise);
        if (first.IsHighNoiseAfterwards is { } next && next != first.IsHighNoise)
        {
            Reading = experts.PrepareForAsync(next); // the switch finds its first blocks in memory
        }

        List<TextKeys> contexts =
        [
            .. rows.Select(row => row.Clip.Branches[row.Branch].KeysFor(expert, row.Clip.Adapter, cancellationToken)),
        ];
        var options = OptionsOf(rows, expert, cancellationToken);
        expert.Forward(input, timesteps, contexts, velocity, options, cancellationToken);
        first.Trial?.Observe?.Invoke(
            new TrialPass(
                first.Sampler.NextStep,
                first.IsHighNoise,
                velocity,
                (layers, result) => expert.Forward(input, timesteps, contexts, result, options with { Layers = layers }, cancellationToken)
            ),
            cancellationToken
        );
    }

    /// <summary>How a pass differs from the network as it is; its rows have that in common.</summary>
    private static PassOptions OptionsOf(
        List<(DenoiseState Clip, int Branch)> rows,
        TransformerRunner expert,
        CancellationToken cancellationToken
    ) =>
        new()
        {
            SkippedBlocks = SkippedBy(rows[0]),
            SlowedFrequency = rows[0].Clip.SlowedFrequency,
            Layers = rows[0].Clip.Trial?.Of(rows[0].Clip.IsHighNoise),
            Negatives = [.. rows.Select(row => NegativeOf(row, expert, cancellationToken))],
            Reuse = [.. rows.Select(row => (row.Clip.Cache as FirstBlockCache)?.RowOf(row.Branch))],
        };

    /// <summary>What guides the attention of a row: the prompt's branch alone is guided.</summary>
    private static NegativeText? NegativeOf(
        (DenoiseState Clip, int Branch) row,
        TransformerRunner expert,
        CancellationToken cancellationToken
    ) =>
        row.Branch == 0 && row.Clip.Guidance.Attention is { } guidance
            ? new NegativeText(
                row.Clip.Branches[1].KeysFor(expert, row.Clip.Adapter, cancellationToken),
                (float)guidance.Scale,
                (float)guidance.Tau,
                (float)guidance.Alpha
            )
            : null;

    private void Advance(DenoiseState clip, Tensor conditional, Tensor? unconditional)
    {
        Observe?.Invoke(StepValue.Conditional, conditional);
        if (unconditional is not null)
        {
            Observe?.Invoke(StepValue.Unconditional, unconditional);
            Combine(clip, conditional.Read<float>(), unconditional.Read<float>(), conditional.Write<float>());
            Observe?.Invoke(StepValue.Guided, conditional);
        }

        clip.Estimate?.Take(clip, conditional.Read<float>());
        clip.Sampler.Advance(conditional.Read<float>(), clip.Latents.Write<float>());
        Observe?.Invoke(StepValue.LatentsOut, clip.Latents);
        clip.Images.Frames.PutInto(clip.Latents);
    }

    private static void Combine(DenoiseState clip, ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional, Span<float> guided)
    {
        var scale = clip.Guidance.Scales[clip.Sampler.NextStep];
        if (clip.Projection is { } projection)
        {
            projection.Combine(conditional, unconditional, scale, guided);
        }
        else if (clip.Guidance.IsZeroStar)
        {
            GuidedVelocity.CombineZeroStar(conditional, unconditional, scale, guided);
        }
        else
        {
            GuidedVelocity.Combine(conditional, unconditional, scale, guided);
        }
    }
}
