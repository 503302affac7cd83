using WanSharp.Engine.Enhancing;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Models.Enhancers;
using WanSharp.Models.Layout;
using WanSharp.Tensors;

namespace WanSharp.Tools.Optimize;

/// <summary>Networks that enlarge frames.</summary>
internal static class PixelUpscalers
{
    private const int Most = 3; // each is measured, and there are collections of hundreds

    /// <summary>Some that open, of the folders that tools keep them in, by full paths: a front is used from other folders, too.</summary>
    /// <param name="model">The model.</param>
    /// <param name="host">Where models are looked for.</param>
    public static IReadOnlyList<string> Of(WanModel model, WanHost host) =>
        [
            .. host
                .Models.SearchFolders.Prepend(model.Folder)
                .SelectMany(folder =>
                    EnhancerShelf.UpscalerPlaces.Where(place => place.Length > 0).Select(place => Path.Combine(folder, place))
                )
                .Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder).Where(ModelFiles.IsCheckpoint).Order(StringComparer.Ordinal))
                .Select(Path.GetFullPath)
                .DistinctBy(Path.GetFileName)
                .Where(file => Enlarges(file, model))
                .Take(Most),
        ];

    private static bool Enlarges(string file, WanModel model)
    {
        try
        {
            using var network = EnhancerFile.Open(file, model.FileDigests);
            return network.Upscaler is { Scale: > 1 };
        }
        catch (Exception e) when (e is CheckpointException or IOException or UnauthorizedAccessException)
        {
            return false; // something else, or not whole
        }
    }
}
