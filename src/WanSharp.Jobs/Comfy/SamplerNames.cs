using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>What ComfyUI calls our samplers: comfy/samplers.py, and ComfyUI-WanVideoWrapper wanvideo/schedulers.</summary>
internal static class SamplerNames
{
    /// <summary>The input of the wrapper's nodes that names the sampler.</summary>
    public const string WrapperInput = "scheduler";

    private static readonly Dictionary<string, (string? Comfy, string? Wrapper)> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["unipc"] = ("uni_pc", "unipc"),
        ["dpm++"] = ("dpmpp_2m", "dpm++"),
        ["euler"] = ("euler", "euler"),
        ["euler-ancestral"] = ("euler_ancestral", null),
        ["lcm"] = ("lcm", "lcm"),
        ["rcm"] = (null, "rcm"),
    };

    /// <summary>The name that an input takes.</summary>
    /// <exception cref="InvalidRequestException">The node does not have the sampler.</exception>
    public static string For(ComfyInput input, string sampler) =>
        Names.TryGetValue(sampler, out var name) && Of(input, name) is { } known
            ? known
            : throw new InvalidRequestException(
                "sampler",
                $"ComfyUI's {input} has no sampler for '{sampler}': choose "
                    + $"{string.Join(", ", Names.Where(one => Of(input, one.Value) is not null).Select(one => one.Key))}, "
                    + "or leave it to the workflow."
            );

    private static string? Of(ComfyInput input, (string? Comfy, string? Wrapper) name) =>
        input.Name == WrapperInput ? name.Wrapper : name.Comfy;
}
