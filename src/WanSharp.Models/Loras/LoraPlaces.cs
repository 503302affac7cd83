using WanSharp.Models.Hub;

namespace WanSharp.Models.Loras;

/// <summary>Where LoRAs are looked for after a model's own folders.</summary>
/// <param name="Folders">Folders of the user, such as ComfyUI's <c>models/loras</c>; they need not exist.</param>
/// <param name="Hub">Finds what was pulled; null for nothing.</param>
public sealed record LoraPlaces(IReadOnlyList<string> Folders, HubModels? Hub)
{
    // Those of ComfyUI and A1111, of SwarmUI and Forge, and of LyCORIS' extension.
    private static readonly string[] Names = ["loras", "lora", "lycoris"];

    // Sources: huggingface/peft:src/peft/utils/constants.py; huggingface/diffusers:src/diffusers/loaders/lora_base.py.
    private static readonly string[] Saved = ["adapter_model", "pytorch_lora_weights"];

    private static readonly EnumerationOptions AnyCase = new() { MatchCasing = MatchCasing.CaseInsensitive, IgnoreInaccessible = true };

    /// <summary>None.</summary>
    public static LoraPlaces None { get; } = new([], null);

    /// <summary>Whether a folder is called as tools call those with LoRAs.</summary>
    internal static bool IsOne(string folder) => Names.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase);

    /// <summary>The LoRA that a folder is saved for: PEFT's or Diffusers' file, or the only one; null for none or several.</summary>
    /// <param name="folder">A folder.</param>
    /// <param name="extensions">How files of LoRAs end.</param>
    internal static string? OnlyIn(string folder, IReadOnlyCollection<string> extensions)
    {
        List<string> files =
        [
            .. Directory
                .EnumerateFiles(Path.GetFullPath(folder))
                .Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal),
        ];
        var saved = files.FindAll(file => Saved.Contains(Path.GetFileNameWithoutExtension(file)));
        return saved is [var one] ? one
            : files is [var only] ? only
            : null;
    }

    /// <summary>The folders for LoRAs in a folder, whatever their case; those of the usual name also where it is not there yet.</summary>
    /// <param name="folder">The folder, which need not exist.</param>
    public static IEnumerable<string> In(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var there = Directory.Exists(folder) ? Names.SelectMany(name => Directory.EnumerateDirectories(folder, name, AnyCase)) : [];
        return there.Append(Path.Combine(folder, Names[0])).Distinct();
    }
}
