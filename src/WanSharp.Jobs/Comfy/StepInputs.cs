namespace WanSharp.Jobs.Comfy;

/// <summary>The table of inputs that count steps: what has to move when a job asks for another number of them.</summary>
/// <remarks>
/// Inputs: ComfyUI nodes.py and comfy_extras/nodes_custom_sampler.py; ComfyUI-WanVideoWrapper nodes.py, nodes_sampler.py and
/// cache_methods/nodes_cache.py; ComfyUI-KJNodes (CFGZeroStarAndInit).
/// </remarks>
internal static class StepInputs
{
    /// <summary>The input that holds the number of steps.</summary>
    public const string Count = "steps";

    private const string Increment = "step";

    // A class, or none for the nodes that a sampler's schedule is made of, whatever they are called.
    private static readonly (string? Class, string Input, StepMeaning Meaning)[] Rows =
    [
        ("SplitSigmas", Increment, StepMeaning.Turn),
        ("CreateScheduleFloatList", Count, StepMeaning.Count),
        ("CreateCFGScheduleFloatList", Count, StepMeaning.Count),
        ("WanVideoTeaCache", "start_step", StepMeaning.Part),
        ("WanVideoTeaCache", "end_step", StepMeaning.Part),
        ("WanVideoMagCache", "start_step", StepMeaning.Part),
        ("WanVideoMagCache", "end_step", StepMeaning.Part),
        ("WanVideoEasyCache", "start_step", StepMeaning.Part),
        ("WanVideoEasyCache", "end_step", StepMeaning.Part),
        ("WanVideoAddTTMLatents", "start_step", StepMeaning.Part),
        ("WanVideoAddTTMLatents", "end_step", StepMeaning.Part),
        ("WanVideoContextOptions", "image_cond_start_step", StepMeaning.Part),
        ("WanVideoExperimentalArgs", "zero_star_steps", StepMeaning.Part),
        ("WanVideoExperimentalArgs", "video_attention_split_steps", StepMeaning.List),
        ("WanVideoFlowEdit", "skip_steps", StepMeaning.Part),
        ("WanVideoFlowEdit", "drift_steps", StepMeaning.Part),
        ("WanVideoSetRadialAttention", "dense_timesteps", StepMeaning.Part),
        ("CFGZeroStarAndInit", "zero_init_steps", StepMeaning.Part),
        ("MagCache", "start_step", StepMeaning.Part),
        ("MagCache", "end_step", StepMeaning.Part),
        ("SamplerLCMUpscale", "scale_steps", StepMeaning.Part),
        (null, Count, StepMeaning.Count),
        (null, "start_at_step", StepMeaning.Turn),
        (null, "end_at_step", StepMeaning.Turn),
        (null, "start_step", StepMeaning.Turn),
        (null, "end_step", StepMeaning.Turn),
        (null, "steps_to_run", StepMeaning.Turn),
    ];

    // Nodes that give as many noise levels as they get, or as one of their inputs in the table says.
    private static readonly string[] KeepTheNumber = ["SplitSigmas", "SplitSigmasDenoise", "FlipSigmas", "SetFirstSigma"];

    /// <summary>What an input means; null where its name does not speak of steps.</summary>
    /// <param name="node">The node.</param>
    /// <param name="input">The input's name.</param>
    /// <param name="isOfSchedule">Whether the node is a sampler, or one that its schedule is made of.</param>
    public static StepMeaning? Of(ComfyNode node, string input, bool isOfSchedule)
    {
        if (Array.Find(Rows, row => row.Input == input && IsOf(row.Class)) is { Input: not null } known)
        {
            return known.Meaning;
        }

        return
            !input.Contains(Increment, StringComparison.OrdinalIgnoreCase)
            || input.Contains("timestep", StringComparison.OrdinalIgnoreCase)
            || (input.Equals(Increment, StringComparison.OrdinalIgnoreCase) && HasRange(node))
            ? null
            : StepMeaning.Unknown;

        bool IsOf(string? name) => name is null ? isOfSchedule : name == node.ClassType;
    }

    /// <summary>
    /// Whether a node makes other noise levels of those that it gets, so that there are not as many steps as were asked for. Samplers and
    /// the wrapper's schedulers take them as they are, whatever else they are told.
    /// </summary>
    public static bool ChangesNumber(ComfyNode node) =>
        node.Inputs.Any(input => input.Key.StartsWith("sigmas", StringComparison.Ordinal) && node.LinkOf(input.Key) is not null)
        && !KeepTheNumber.Contains(node.ClassType)
        && !node.ClassType.StartsWith("WanVideo", StringComparison.Ordinal)
        && !node.ClassType.Contains("Sampler", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a node gives a list with a number for each step, which stays as long as it is.</summary>
    public static bool IsOfEachStep(ComfyNode node) =>
        node.ClassType.Contains("FloatList", StringComparison.OrdinalIgnoreCase) && !node.Inputs.ContainsKey(Count);

    private static bool HasRange(ComfyNode node) =>
        node.Inputs.Any(input =>
            input.Key.StartsWith("min", StringComparison.OrdinalIgnoreCase)
            || input.Key.StartsWith("max", StringComparison.OrdinalIgnoreCase)
        );
}
