using WanSharp.Engine.Decoding;
using WanSharp.Graphs.Networks;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Models.Decoders;
using WanSharp.Models.Layout;
using WanSharp.Tensors;

namespace WanSharp.Tools.Optimize;

/// <summary>Decoders that cost less than a model's own: tiny ones (TAEHV, LightTAE) and pruned VAEs (LightVAE).</summary>
internal static class SmallDecoders
{
    private static readonly string[] Words = ["tae", "lightvae"];

    /// <summary>One that opens and fits a model's latents; null where none does.</summary>
    /// <inheritdoc cref="Named" path="/param"/>
    public static string? Find(WanModel model, WanHost host) => Named(model, host).FirstOrDefault(file => Fits(file, model));

    /// <summary>
    /// What is named so next to a model and in the folders where decoders are looked for, by full paths: what is found is used from other
    /// folders, too.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="host">Where models are looked for.</param>
    public static IReadOnlyList<string> Named(WanModel model, WanHost host) =>
        [
            .. host
                .Models.SearchFolders.Prepend(model.Folder)
                .SelectMany(folder => DecoderShelf.Places.Select(place => Path.Combine(folder, place)))
                .Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder).Where(IsNamedSo).Order(StringComparer.Ordinal))
                .Select(Path.GetFullPath)
                .DistinctBy(Path.GetFileName),
        ];

    /// <summary>The alias of one that fits a model; null where none is published.</summary>
    public static string? ToPull(WanModel model) =>
        model.Vae.Mean.SequenceEqual(VaeConfig.Wan22.Mean) ? "taew2_2"
        : model.Vae.Mean.SequenceEqual(VaeConfig.Wan21.Mean) ? "taew2_1"
        : null;

    private static bool IsNamedSo(string path)
    {
        var name = Path.GetFileName(path);
        return ModelFiles.IsCheckpoint(name) && Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private static bool Fits(string file, WanModel model)
    {
        try
        {
            using var decoder = DecoderFile.Open(file, model);
            return decoder.Config.Kind == VaeKind.Tiny || decoder.Config.Dim < model.Vae.Dim;
        }
        catch (Exception e) when (e is CheckpointException or IOException or UnauthorizedAccessException)
        {
            return false; // another model's, or not whole
        }
    }
}
