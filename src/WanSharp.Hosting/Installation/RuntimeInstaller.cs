using System.Net;
using System.Runtime.InteropServices;

namespace WanSharp.Hosting.Installation;

/// <summary>Installs ONNX Runtime's GPU build for the current user, from the user's own package sources.</summary>
/// <param name="root">The user's folder for providers.</param>
/// <param name="rid">The platform: "linux-x64" or "win-x64".</param>
public sealed class RuntimeInstaller(string root, string rid)
{
    private const long LargestDocument = 16 << 20;

    /// <summary>This machine's platform, as packages name it.</summary>
    public static string CurrentRid =>
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}"
        + $"-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>The package that has the build for the platform.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public string PackageId =>
        rid switch
        {
            "linux-x64" => "Microsoft.ML.OnnxRuntime.Gpu.Linux",
            "win-x64" => "Microsoft.ML.OnnxRuntime.Gpu.Windows",
            _ => throw new IOException($"There is no package of ONNX Runtime with CUDA for {rid}, only for linux-x64 and win-x64."),
        };

    /// <summary>Finds the package, fetches what is not there yet, checks it and puts its libraries in place, all or nothing.</summary>
    /// <param name="sources">Folders and addresses, in the order to ask them.</param>
    /// <param name="sha512">The package's SHA-512 in base 64 or hexadecimal; null takes the source's word.</param>
    /// <param name="progress">Receives how many bytes have been fetched.</param>
    /// <param name="cancellationToken">Stops; a later call goes on with the download.</param>
    /// <returns>The library's file.</returns>
    /// <exception cref="IOException">No source has the package, or a source failed.</exception>
    /// <exception cref="InvalidDataException">The package is not what it should be.</exception>
    public async Task<string> InstallAsync(
        IReadOnlyList<string> sources,
        string? sha512,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        using var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LargestDocument };
        var package = await FindAsync(sources, http, cancellationToken).ConfigureAwait(false);
        package = package with
        {
            Sha512 =
                Base64(sha512)
                ?? package.Sha512
                ?? throw new IOException($"{package.Address} comes without a hash from its source: give its SHA-512 with --sha512."),
        };

        var downloads = Directory.CreateDirectory(Path.Combine(root, "downloads")).FullName;
        var file = Path.Combine(downloads, $"{PackageId}.{InstalledRuntime.Version}.nupkg.part");
        await new PackageDownload(http).FetchAsync(package, file, progress, cancellationToken).ConfigureAwait(false);
        await PlaceAsync(file, cancellationToken).ConfigureAwait(false);
        File.Delete(file);
        return InstalledRuntime.Find(root) ?? throw new InvalidDataException($"{package.Address} has no ONNX Runtime library for {rid}.");
    }

    private async Task<PackageLocation> FindAsync(IReadOnlyList<string> sources, HttpClient http, CancellationToken cancellationToken)
    {
        foreach (var source in sources)
        {
            if (
                await PackageSource
                    .Open(source, http)
                    .FindAsync(PackageId, InstalledRuntime.Version, cancellationToken)
                    .ConfigureAwait(false) is
                { } found
            )
            {
                return found;
            }
        }

        throw new IOException(
            sources.Count == 0
                ? "No package source is configured: name one with --source, an address or a folder."
                : $"No package source has {PackageId} {InstalledRuntime.Version}: asked {string.Join(", ", sources)}. "
                    + "Name another with --source."
        );
    }

    private async Task PlaceAsync(string package, CancellationToken cancellationToken)
    {
        var target = InstalledRuntime.FolderOf(root);
        var parent = Directory.CreateDirectory(Path.GetDirectoryName(target)!).FullName;
        var unpacked = Directory.CreateDirectory(Path.Combine(parent, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}")).FullName;
        try
        {
            if (await new NativeArchive().UnpackAsync(package, rid, unpacked, cancellationToken).ConfigureAwait(false) == 0)
            {
                throw new InvalidDataException($"The package has no libraries for {rid}.");
            }

            if (Directory.Exists(target))
            {
                Directory.Delete(target, recursive: true);
            }

            Directory.Move(unpacked, target);
        }
        catch
        {
            Directory.Delete(unpacked, recursive: true);
            throw;
        }
    }

    /// <summary>A SHA-512 as NuGet writes it, from 64 bytes in base 64 or hexadecimal.</summary>
    /// <exception cref="InvalidDataException">It is neither.</exception>
    private static string? Base64(string? sha512)
    {
        try
        {
            return sha512 is null
                ? null
                : Convert.ToBase64String(sha512.Length == 128 ? Convert.FromHexString(sha512) : Convert.FromBase64String(sha512));
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"'{sha512}' is not an SHA-512: give 128 hexadecimal digits, or base 64.", e);
        }
    }
}
