using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Names what else lies on the way of a clip: in its samplers, before them, and between them and its file.</summary>
internal sealed class ComfyPath(ComfyWorkflow workflow, WorkflowGuess guess, IReadOnlyList<ComfyNode> samplers, RecipeDraft draft)
{
    private static readonly HashSet<string> KnownInputs = new(StringComparer.Ordinal)
    {
        "model",
        "positive",
        "negative",
        "latent_image",
        "noise",
        "guider",
        "sampler",
        "sigmas",
        "image_embeds",
        "text_embeds",
        "seed",
        "noise_seed",
        "control_after_generate",
        "steps",
        "cfg",
        "shift",
        "sampler_name",
        "scheduler",
        "add_noise",
        "start_at_step",
        "end_at_step",
        "start_step",
        "end_step",
        "return_with_leftover_noise",
        "force_offload",
        "cfg_high_noise",
        "cfg_low_noise",
        "sigma_shift",
        "model_high_noise",
        "model_low_noise",
        "batched_cfg",
        "rope_function",
        "vae",
    };

    /// <summary>Inputs that change nothing with these values.</summary>
    private static readonly Dictionary<string, string[]> Idle = new(StringComparer.Ordinal)
    {
        ["denoise"] = ["1"],
        ["denoise_strength"] = ["1"],
        ["riflex_freq_index"] = ["0"],
        ["batch_size"] = ["1"],
        ["add_noise_to_samples"] = ["false"],
    };

    private static readonly string[] Plain =
    [
        "VAEDecode",
        "VAEDecodeTiled",
        "WanVideoDecode",
        "CreateVideo",
        "Reroute",
        "SaveVideo",
        "SaveWEBM",
        "SaveAnimatedWEBP",
        "SaveAnimatedPNG",
        "SaveImage",
        "VHS_VideoCombine",
        "PreviewImage",
        "GetImageSizeAndCount",
        "VAELoader",
        "WanVideoVAELoader",
    ];

    private static readonly string[] Conditions =
    [
        "EmptyHunyuanLatentVideo",
        "EmptyLatentVideo",
        "Wan22ImageToVideoLatent",
        "WanImageToVideo",
        "WanFirstLastFrameToVideo",
        "WanFunInpaintToVideo",
        "WanVideoEmptyEmbeds",
        "WanVideoImageToVideoEncode",
        "WanVideoImageClipEncode",
    ];

    private static readonly string[] MediaWords = ["Image", "Video", "Audio"];
    private static readonly string[] Times = ["speed", "multiplier", "interpolation_factor", "interpolation_multiplier"];

    /// <summary>Names what is not understood.</summary>
    /// <param name="images">The nodes that give the first and the last frame.</param>
    public void Read(IReadOnlyCollection<string> images)
    {
        if (guess.OutputGap is { } gap)
        {
            draft.Miss(gap);
        }

        foreach (var sampler in samplers)
        {
            ReadSampler(sampler);
        }

        foreach (var node in Before().Where(ClipSamplers.IsMeasured))
        {
            ReadCondition(node);
        }

        foreach (var node in Before().Where(node => IsMedia(node) && !images.Contains(node.Id)))
        {
            draft.Miss($"{node} loads a picture, a clip or sound, whose effect on the clip is unknown");
        }

        foreach (var node in After().Where(node => !Plain.Contains(node.ClassType)))
        {
            draft.Miss($"{node} changes the frames{(Times.Any(node.Inputs.ContainsKey) ? ", and how many there are" : "")}");
        }
    }

    private static bool IsMedia(ComfyNode node) =>
        node.ClassType.Contains("Load", StringComparison.Ordinal)
        && MediaWords.Any(word => node.ClassType.Contains(word, StringComparison.Ordinal))
        && !node.ClassType.Contains("Loader", StringComparison.Ordinal)
        && !node.ClassType.Contains("TextEncoder", StringComparison.Ordinal); // LoadWanVideoT5TextEncoder

    private void ReadSampler(ComfyNode sampler)
    {
        foreach (var (name, value) in sampler.Inputs.Where(input => !KnownInputs.Contains(input.Key)))
        {
            if (value is null || IsIdle(name, value))
            {
                continue;
            }

            if (sampler.LinkOf(name) is { } link)
            {
                if (name is "samples" or "latent" && IsPlainStart(link))
                {
                    continue;
                }

                draft.Miss(
                    $"{name} of {sampler}, from {(workflow.Nodes.TryGetValue(link, out var node) ? node : "a node that is not there")}"
                );
            }
            else
            {
                draft.Miss($"{name} {RecipeValues.Short(value)} of {sampler}");
            }
        }
    }

    /// <summary>Whether a sampler begins with what another left, or with nothing.</summary>
    private bool IsPlainStart(string link) =>
        samplers.Any(sampler => sampler.Id == link)
        || (workflow.Nodes.TryGetValue(link, out var node) && Conditions.Contains(node.ClassType));

    private void ReadCondition(ComfyNode node)
    {
        if (!Conditions.Contains(node.ClassType))
        {
            draft.Miss($"{node} conditions the clip in an unknown way");
        }

        if (node.Inputs["batch_size"].Number() is > 1 and var count)
        {
            draft.Miss(Invariant($"{node} makes {count} clips at once, each with its own noise"));
        }
    }

    /// <summary>The nodes that the samplers depend on.</summary>
    private IEnumerable<ComfyNode> Before() => Behind(samplers, _ => true);

    /// <summary>The nodes between the samplers and the file.</summary>
    private IEnumerable<ComfyNode> After()
    {
        if (guess.Output is not { } output || !workflow.Nodes.TryGetValue(output, out var saver))
        {
            return [];
        }

        var ids = samplers.Select(sampler => sampler.Id).ToHashSet();
        return Behind([saver], node => !ids.Contains(node.Id)).Where(node => !ids.Contains(node.Id) && guess.Values.DependsOn(node, ids));
    }

    private IEnumerable<ComfyNode> Behind(IEnumerable<ComfyNode> nodes, Func<ComfyNode, bool> goesOn)
    {
        var (seen, open) = (new HashSet<string>(), new Queue<ComfyNode>(nodes));
        while (open.TryDequeue(out var node))
        {
            foreach (var link in node.Links().Where(seen.Add))
            {
                if (workflow.Nodes.TryGetValue(link, out var next))
                {
                    yield return next;
                    if (goesOn(next))
                    {
                        open.Enqueue(next);
                    }
                }
            }
        }
    }

    private static bool IsIdle(string name, JsonNode value) =>
        Idle.TryGetValue(name, out var values)
        && values.Contains(value.Number() is { } number ? Invariant($"{number}") : value.ToJsonString());
}
