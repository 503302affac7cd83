using WanSharp.Models.Hub;

namespace WanSharp.Models.Loras;

/// <summary>Where LoRAs are looked for after a model's own folders.</summary>
/// <param name="Folders">Folders of the user, such as ComfyUI's <c>models/loras</c>; they need not exist.</param>
/// <param name="Hub">Finds what was pulled; null for nothing.</param>
public sealed record LoraPlaces(IReadOnlyList<string> Folders, HubModels? Hub)
{
    /// <summary>None.</summary>
    public static LoraPlaces None { get; } = new([], null);
}
