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
    private readonly RowBuffer _blended = new(); // of clips in windows

    /// <summary>Sees the values of each step as they come, as views that end with the call; for parity checks.</summary>
    public Action<StepValue, Tensor>? Observe { get; init; }

    /// <summary>The reading of the other expert's first weights that the last step began; null before one did.</summary>
    public Task? Reading { get; private set; }

    /// <summary>What clips must have in common to take their next step together.</summary>
    public static BatchKey KeyOf(DenoiseState clip) =>
        new(clip.RowShape, clip.Images.Channels?.Shape[1] ?? 0, clip.Images.ImageFeatures?.Shape, clip.IsHighNoise)
        {
            Windows = clip.MovingWindows?.Most ?? 1,
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
        var rows = (
            from branch in Enumerable.Range(0, MostBranches)
            from window in Enumerable.Range(0, clips.Max(clip => clip.WindowCount))
            from clip in clips
            where branch < clip.BranchesNow && window < clip.WindowCount
            select new StepRow(clip, branch, window)
        ).ToList();
        var passes = PassesOf(rows, Share(first.RowShape, clips.Max(clip => clip.BranchesNow)));
        rows = [.. passes.SelectMany(pass => pass)];

        // [rows, channels, frames, height, width], and a row of zeros if a clip takes no velocity in this step
        var velocity = _velocity.Rows(rows.Count + (clips.Any(clip => clip.BranchesNow == 0) ? 1 : 0), first.RowShape);
        var start = 0;
        foreach (var pass in passes)
        {
            Forward(pass, velocity.Slice(start, pass.Count), isLast: pass == passes[^1], cancellationToken);
            start += pass.Count;
        }

        foreach (var clip in clips)
        {
            var conditional = VelocityOf(clip, branch: 0, rows, velocity);
            var unconditional = clip.BranchesNow > 1 ? VelocityOf(clip, branch: 1, rows, velocity) : null;
            Keep(clip, conditional, unconditional);
            Advance(clip, conditional, unconditional);
        }
    }

    /// <summary>Takes a step that the clip's cache estimates: no network runs.</summary>
    /// <param name="clip">A clip that <see cref="DenoiseState.SkipsNext"/>.</param>
    public void Skip(DenoiseState clip)
    {
        Observe?.Invoke(StepValue.LatentsIn, clip.Latents);
        var branches = clip.BranchesNow;
        var memory = clip.MovingWindows is null ? _velocity : _blended;
        var velocity = memory.Rows(branches, clip.Latents.Shape); // [branches, channels, frames, height, width]
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
    /// <param name="latents">The latents of a row: the clip's, or a window's.</param>
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
        _blended.Dispose();
    }

    /// <summary>Lets the clip's cache keep what the network gave, before guidance writes over it.</summary>
    private static void Keep(DenoiseState clip, Tensor conditional, Tensor? unconditional)
    {
        if (clip.Cache is { } cache && clip.BranchesNow > 0)
        {
            cache.Keep(
                clip.Sampler.NextStep,
                clip.Latents.Read<float>(),
                conditional.Read<float>(),
                unconditional is null ? [] : unconditional.Read<float>()
            );
        }
    }

    /// <summary>
    /// The forward passes of rows. Each window has its own, so that memory is that of a window; so have rows that leave out other blocks,
    /// and branches that share none.
    /// </summary>
    private static List<List<StepRow>> PassesOf(List<StepRow> rows, bool share) =>
        [
            .. rows.GroupBy(row => (row.Window, Branch: share ? 0 : row.Branch, Skipped: string.Join(',', SkippedBy(row))))
                .Select(pass => pass.ToList()),
        ];

    /// <summary>The blocks that a row leaves out.</summary>
    private static IReadOnlyList<int> SkippedBy(StepRow row) =>
        row.Branch == 0 ? [] : row.Clip.Guidance.SkippedAt(row.Clip.Sampler.NextStep);

    /// <summary>Whether a clip's branches share a forward pass.</summary>
    private bool Share(Shape latents, int branches) =>
        SharedPass.IsFor(latents.ElementCount / (latents[1] * experts.Configuration.PatchSize.Volume), branches);

    /// <summary>What a branch of a clip gave in this step: of the one row that it has, or of all its windows.</summary>
    private Tensor VelocityOf(DenoiseState clip, int branch, List<StepRow> rows, Tensor velocity)
    {
        if (clip.BranchesNow == 0)
        {
            var none = clip.Windows is null ? velocity.Slice(rows.Count, 1) : _blended.Rows(MostBranches, clip.Latents.Shape).Slice(0, 1);
            none.Write<float>().Clear();
            return none;
        }

        if (clip.Windows is not { } windows)
        {
            return velocity.Slice(rows.IndexOf(new StepRow(clip, branch, Window: 0)), 1);
        }

        var blended = _blended.Rows(MostBranches, clip.Latents.Shape).Slice(branch, 1);
        blended.Write<float>().Clear();
        for (var window = 0; window < windows.All.Count; window++)
        {
            var part = velocity.Slice(rows.IndexOf(new StepRow(clip, branch, window)), 1);
            windows.Add(window, (int)blended.Shape[1], part.Read<float>(), blended.Write<float>());
        }

        return blended;
    }

    private void Forward(List<StepRow> rows, Tensor velocity, bool isLast, CancellationToken cancellationToken)
    {
        var first = rows[0].Clip;
        var latents = first.RowShape;
        var input = _input.Rows(rows.Count, [1, latents[1] + (first.Images.Channels?.Shape[1] ?? 0), latents[2], latents[3], latents[4]]);

        // One timestep for the clip, or one for each latent frame when some are given.
        var groups = rows.Exists(row => row.Clip.Images.Frames.Any) ? (int)latents[2] : 1;
        var timesteps = new float[rows.Count * groups]; // [rows, groups]
        for (var i = 0; i < rows.Count; i++)
        {
            var (clip, _, window) = rows[i];
            clip.FillRow(window, input.Slice(i, 1).Write<float>());
            if (groups > 1)
            {
                clip.FillTimesteps(window, timesteps.AsSpan(i * groups, groups));
            }
            else
            {
                timesteps[i] = clip.Timestep;
            }
        }

        var expert = experts.For(first.IsHighNoise);
        if (isLast && first.IsHighNoiseAfterwards is { } next && next != first.IsHighNoise)
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
    private static PassOptions OptionsOf(List<StepRow> rows, TransformerRunner expert, CancellationToken cancellationToken) =>
        new()
        {
            SkippedBlocks = SkippedBy(rows[0]),
            SlowedFrequency = rows[0].Clip.SlowedFrequency,
            Layers = rows[0].Clip.Trial?.Of(rows[0].Clip.IsHighNoise),
            Negatives = [.. rows.Select(row => NegativeOf(row, expert, cancellationToken))],
            Reuse = [.. rows.Select(row => (row.Clip.Cache as FirstBlockCache)?.RowOf(row.Branch))],
        };

    /// <summary>What guides the attention of a row: the prompt's branch alone is guided.</summary>
    private static NegativeText? NegativeOf(StepRow row, TransformerRunner expert, CancellationToken cancellationToken) =>
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
