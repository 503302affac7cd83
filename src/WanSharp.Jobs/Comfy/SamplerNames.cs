using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>What ComfyUI calls our samplers: comfy/samplers.py, and ComfyUI-WanVideoWrapper wanvideo/schedulers.</summary>
internal static class SamplerNames
{
    /// <summary>The input of the wrapper's nodes that names the sampler.</summary>
    public const string WrapperInput = "scheduler";

    private static readonly Dictionary<string, (string Comfy, string Wrapper)> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["unipc"] = ("uni_pc", "unipc"),
        ["dpm++"] = ("dpmpp_2m", "dpm++"),
        ["euler"] = ("euler", "euler"),
    };

    /// <summary>The name that an input takes.</summary>
    /// <exception cref="InvalidRequestException">ComfyUI does not have the sampler.</exception>
    public static string For(ComfyInput input, string sampler) =>
        !Names.TryGetValue(sampler, out var name)
            ? throw new InvalidRequestException(
                "sampler",
                $"ComfyUI has no sampler for '{sampler}': choose {string.Join(", ", Names.Keys)}, " + "or leave it to the workflow."
            )
        : input.Name == WrapperInput ? name.Wrapper
        : name.Comfy;
}
