using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Results;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>A workflow with what a job asks for put in, except its images, which are on no server yet.</summary>
internal sealed class FilledWorkflow
{
    private const int PixelStride = 16;
    private const int FrameStride = 4;

    /// <summary>How each setting is put in. In this order: seconds are counted in fps, and one guidance scale overwrites another.</summary>
    private static readonly (string Field, Action<FilledWorkflow, JobRequest> Fill)[] Fills =
    [
        ("negative", (filled, request) => filled.Set(ComfyRole.Negative, NegativeOf(request))),
        ("width", (filled, request) => filled.Set(ComfyRole.Width, Divisible(request.Width, ComfyRole.Width))),
        ("height", (filled, request) => filled.Set(ComfyRole.Height, Divisible(request.Height, ComfyRole.Height))),
        ("fps", (filled, request) => filled.Set(ComfyRole.Fps, request.Fps)),
        ("frames", (filled, request) => filled.Set(ComfyRole.Frames, filled.FrameCount(request))),
        ("seconds", (_, _) => { }), // as frames
        ("steps", (filled, request) => filled.SetSteps(request.Steps)),
        ("guidance", (filled, request) => filled.Set(ComfyRole.Guidance, request.GuidanceScale)),
        ("guidance_high", (filled, request) => filled.Set(ComfyRole.GuidanceHigh, request.HighNoiseGuidanceScale)),
        ("sampler", (filled, request) => filled.SetSampler(request.Sampler)),
        ("shift", (filled, request) => filled.Set(ComfyRole.Shift, request.Shift)),
        ("seed", (filled, request) => filled.Set(ComfyRole.Seed, request.Seed)),
    ];

    private readonly ComfyWorkflow _workflow;
    private readonly ComfyMapping _mapping;
    private readonly JsonObject _nodes;
    private readonly JsonObject _settings = []; // what was put in, by role

    /// <summary>Whether a node takes a | for the end of a prompt, and [1] for the number of one.</summary>
    /// <remarks>Source: kijai/ComfyUI-WanVideoWrapper:nodes.py (WanVideoTextEncode.process).</remarks>
    private static bool PartsPrompts(ComfyNode node) =>
        node.ClassType.StartsWith("WanVideoTextEncode", StringComparison.Ordinal) && node.Inputs.ContainsKey("positive_prompt");

    private static string? NegativeOf(JobRequest request) =>
        request.NegativePrompt is { } negative ? PromptText.Require("negative", negative, mayBeEmpty: true) : null;

    private FilledWorkflow(ComfyWorkflow workflow, ComfyMapping mapping) =>
        (_workflow, _mapping, _nodes) = (workflow, mapping, workflow.Copy());

    /// <summary>The image files to upload, by the role whose inputs name them.</summary>
    public Dictionary<ComfyRole, string> Images { get; } = [];

    /// <summary>Denoise steps, as far as the workflow tells: 1 if it does not.</summary>
    public int Steps =>
        _mapping.Of(ComfyRole.Steps).Select(Current).FirstOrDefault() is { } steps && steps.TryGetValue<int>(out var count) && count > 0
            ? count
            : 1;

    /// <summary>The seed of all samplers; null where they have different ones, or take it from elsewhere.</summary>
    public ulong? Seed
    {
        get
        {
            var seeds = _mapping
                .Of(ComfyRole.Seed)
                .Select(input => Current(input) is { } seed && seed.TryGetValue<ulong>(out var value) ? value : (ulong?)null)
                .Distinct()
                .ToList();
            return seeds.Count == 1 ? seeds[0] : null;
        }
    }

    /// <exception cref="InvalidRequestException">The request asks for what the workflow has no input for, or what cannot be
    /// made.</exception>
    public static FilledWorkflow Fill(ComfyWorkflow workflow, ComfyMapping mapping, JobRequest request)
    {
        var filled = new FilledWorkflow(workflow, mapping);
        if (mapping.Output is null && workflow.GuessFor(output: null).OutputGap is { } gap)
        {
            throw new InvalidRequestException("output", $"Which file of {workflow.Source} is the clip cannot be told: {gap}.");
        }

        if ($"{request.Prompt}\n{request.NegativePrompt}".Contains("<lora:", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidRequestException(
                "prompt",
                "It names a LoRA (<lora:…>), which ComfyUI would read as words: load it in the workflow, and remove the tag."
            );
        }

        if (
            workflow.Nodes.Values.FirstOrDefault(PartsPrompts) is { } parts
            && (request.Prompt.Contains('|', StringComparison.Ordinal) || request.Prompt.Contains("[1]", StringComparison.Ordinal))
        )
        {
            throw new InvalidRequestException(
                "prompt",
                $"It has a | or [1], where {parts} parts it into several prompts: write another character."
            );
        }

        filled.Set(ComfyRole.Prompt, PromptText.Require("prompt", request.Prompt, mayBeEmpty: false));
        foreach (var (_, fill) in Fills)
        {
            fill(filled, request);
        }

        if (
            SettingFields.Stored.FirstOrDefault(field => field.Get(request) is not null && Fills.All(one => one.Field != field.Name)) is
            { } open
        )
        {
            throw new InvalidRequestException(open.Name, $"ComfyUI's workflows take no {open.Name}: leave it out.");
        }

        foreach (var (frame, path) in request.Images)
        {
            filled.AddImage(frame, path);
        }

        return filled;
    }

    /// <summary>The nodes to send.</summary>
    /// <param name="names">The names of the images on the server.</param>
    public JsonObject NodesWith(IReadOnlyDictionary<ComfyRole, string> names)
    {
        var nodes = _nodes.DeepClone().AsObject();
        foreach (var (role, name) in names)
        {
            foreach (var input in _mapping.Of(role))
            {
                nodes[input.Node]!["inputs"]![input.Name] = name;
            }
        }

        return nodes;
    }

    /// <summary>What the images' files hold now, by role.</summary>
    /// <exception cref="InvalidRequestException">One cannot be read.</exception>
    public async Task<IReadOnlyDictionary<ComfyRole, string>> DigestsAsync(CancellationToken cancellationToken)
    {
        var digests = new Dictionary<ComfyRole, string>();
        foreach (var (role, path) in Images)
        {
            digests[role] = await DigestAsync(path, cancellationToken).ConfigureAwait(false);
        }

        return digests;
    }

    /// <summary>Digest of all that decides the clip, the images by their files' content.</summary>
    /// <param name="digests">What <see cref="DigestsAsync"/> found.</param>
    public string KeyWith(IReadOnlyDictionary<ComfyRole, string> digests) =>
        ResultKey.Of("comfy", NodesWith(digests).ToJsonString(), _mapping.Output ?? "");

    /// <summary>
    /// Settings that are equal only where the clip is: what was put in, what the images hold, and last, as the least that a difference
    /// tells, what it was put into.
    /// </summary>
    /// <param name="digests">What <see cref="DigestsAsync"/> found.</param>
    public JsonObject SettingsWith(IReadOnlyDictionary<ComfyRole, string> digests)
    {
        var settings = _settings.DeepClone().AsObject();
        foreach (var (role, digest) in digests)
        {
            settings[$"{ComfyMapping.NameOf(role)}_digest"] = digest;
        }

        settings["workflow"] = KeyWith(Images.Keys.ToDictionary(role => role, _ => ""));
        return settings;
    }

    /// <summary>Whether what <see cref="KeyWith"/> said of the images' files is still so.</summary>
    public async Task<bool> IsStillAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return key == KeyWith(await DigestsAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (InvalidRequestException)
        {
            return false; // one is gone
        }
    }

    /// <summary>SHA-256 of an image's file.</summary>
    /// <exception cref="InvalidRequestException">It cannot be read.</exception>
    public static async Task<string> DigestAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException("image", $"The image {path} cannot be read: {e.Message}");
        }
    }

    private void Set<T>(ComfyRole role, T? value)
    {
        if (value is null)
        {
            return;
        }

        foreach (var input in Required(role))
        {
            _nodes[input.Node]!["inputs"]![input.Name] = JsonValue.Create(value);
        }

        _settings[ComfyMapping.NameOf(role)] = JsonValue.Create(value);
    }

    private void SetSampler(string? sampler)
    {
        if (sampler is null)
        {
            return;
        }

        foreach (var input in Required(ComfyRole.Sampler))
        {
            _nodes[input.Node]!["inputs"]![input.Name] = SamplerNames.For(input, sampler);
        }

        _settings[ComfyMapping.NameOf(ComfyRole.Sampler)] = sampler;
    }

    /// <summary>Steps, and with them where samplers take turns, which is counted in steps.</summary>
    private void SetSteps(int? steps)
    {
        if (steps is not { } count)
        {
            return;
        }

        if (count is < 1 or > 1000)
        {
            throw new InvalidRequestException("steps", $"{count} steps cannot be made: ask for 1 to 1000.");
        }

        StepSwitches.Move(_nodes, _workflow.GuessFor(_mapping.Output), Required(ComfyRole.Steps), count);
        Set(ComfyRole.Steps, (int?)count);
    }

    private int? FrameCount(JobRequest request)
    {
        if (request is { Frames: not null, Seconds: not null })
        {
            throw new InvalidRequestException("frames", "Frames and seconds were both given: give only one.");
        }

        if (request.Seconds is { } seconds)
        {
            var rate =
                _mapping.Of(ComfyRole.Fps).Select(Current).FirstOrDefault() is { } fps
                && (
                    fps.TryGetValue<double>(out var known)
                    || (fps.TryGetValue<string>(out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out known))
                )
                    ? known
                    : throw new InvalidRequestException(
                        "seconds",
                        $"{_workflow.Source} does not say how many frames a second "
                            + $"has{(_workflow.GuessFor(_mapping.Output).GapOf(ComfyRole.Fps) is { } gap ? $": {gap}" : "")}. "
                            + "Ask for frames, or "
                            + "map fps."
                    );
            return (Math.Max((int)Math.Round(Math.Clamp(seconds * rate, 1, 100_000) / FrameStride), 0) * FrameStride) + 1;
        }

        return request.Frames is not { } frames || (frames > 0 && frames % FrameStride == 1)
            ? request.Frames
            : throw new InvalidRequestException(
                "frames",
                $"{frames} frames cannot be made: the nearest is "
                    + $"{(Math.Max(frames - 1, 0) + (FrameStride / 2)) / FrameStride * FrameStride + 1}."
            );
    }

    private void AddImage(int frame, string path)
    {
        var role = frame switch
        {
            0 => ComfyRole.Image,
            -1 => ComfyRole.LastImage,
            _ => throw new InvalidRequestException("image", $"A workflow takes only the first and last frame, not latent frame {frame}."),
        };
        Required(role);
        Images[role] = path;
        _settings[ComfyMapping.NameOf(role)] = path;
    }

    private IReadOnlyList<ComfyInput> Required(ComfyRole role)
    {
        if (_mapping.Of(role) is { Count: > 0 } inputs)
        {
            return inputs;
        }

        var (name, what) = (ComfyMapping.NameOf(role), ComfyMapping.NameOf(role).Replace('_', ' '));
        var guess = _workflow.GuessFor(_mapping.Output);
        var gap = guess.GapOf(role) ?? $"no known input takes the {what}";
        var example =
            guess.PlaceOf(role)?.ToString()
            ?? role switch
            {
                ComfyRole.Prompt or ComfyRole.Negative => "6.text",
                ComfyRole.Image or ComfyRole.LastImage => "6.image",
                _ => $"6.{name}",
            };
        throw new InvalidRequestException(
            name,
            $"{_workflow.Source} does not let the {what} be set: {gap}. {(role == ComfyRole.Prompt ? "Name" : "Leave it out, or name")} "
                + $"the input in a mapping file, such as {{\"{name}\": \"{example}\"}}."
        );
    }

    private JsonValue? Current(ComfyInput input) => _nodes[input.Node]?["inputs"]?[input.Name] as JsonValue;

    private static int? Divisible(int? pixels, ComfyRole role) =>
        pixels is not { } side || (side > 0 && side % PixelStride == 0)
            ? pixels
            : throw new InvalidRequestException(
                "size",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A {ComfyMapping.NameOf(role)} of {side} cannot be made: the nearest is "
                        + $"{Math.Max((side + (PixelStride / 2)) / PixelStride, 1) * PixelStride}."
                )
            );
}
