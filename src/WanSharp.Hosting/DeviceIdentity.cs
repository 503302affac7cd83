using WanSharp.Engine.Costs;
using WanSharp.Tensors;

namespace WanSharp.Hosting;

/// <summary>What tells a machine's devices and drivers from other ones, as far as files and the environment say.</summary>
internal static class DeviceIdentity
{
    // What chooses a device or a driver, or changes how one computes.
    private static readonly string[] Variables = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"];

    /// <summary>One line for each fact.</summary>
    /// <param name="variable">Reads an environment variable; null when it is not set.</param>
    /// <param name="root">The folder that stands for "/". Default: "/".</param>
    public static string Of(Func<string, string?> variable, string root = "/") =>
        string.Join(
            '\n',
            [
                MachineName.Read(),
                .. Variables.Select(name => $"{name}={variable(name)}"),
                .. Cards(Path.Combine(root, "sys/class/drm")),
                .. Lines(Path.Combine(root, "proc/driver/nvidia/version")).Take(1),
            ]
        );

    /// <summary>Maker and model of each display adapter of Linux, as numbers.</summary>
    private static IEnumerable<string> Cards(string folder) =>
        Readable(folder, path => Directory.GetDirectories(path, "renderD*"))
            .Order(StringComparer.Ordinal)
            .Select(card =>
                string.Join(' ', [.. Lines(Path.Combine(card, "device/vendor")), .. Lines(Path.Combine(card, "device/device"))])
            );

    private static string[] Lines(string file) => Readable(file, PlainFile.ReadAllLines);

    /// <summary>Nothing of what is not there, or must not be read, as in a container: the other facts have to do.</summary>
    private static string[] Readable(string path, Func<string, string[]> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
