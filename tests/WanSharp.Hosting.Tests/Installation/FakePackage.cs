using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using WanSharp.Hosting.Installation;

namespace WanSharp.Hosting.Tests.Installation;

/// <summary>Packages as a feed has them, made here.</summary>
internal static class FakePackage
{
    public const string Id = "Microsoft.ML.OnnxRuntime.Gpu.Linux";

    public const string Version = "1.31.0";

    /// <summary>A package with the files given, whose contents are their names unless said.</summary>
    public static byte[] With(params (string Name, string Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return stream.ToArray();
    }

    /// <summary>A package of the usual form.</summary>
    public static byte[] Usual() =>
        With(
            ("runtimes/linux-x64/native/libonnxruntime.so", "library"),
            ("runtimes/linux-x64/native/libonnxruntime_providers_cuda.so", "provider"),
            ("runtimes/win-x64/native/onnxruntime.dll", "another platform's"),
            ("Microsoft.ML.OnnxRuntime.Gpu.Linux.nuspec", "description")
        );

    /// <summary>A package of npm's, with the modes of its files.</summary>
    public static byte[] OfNpm(params (string Name, string Content, UnixFileMode Mode)[] files)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (name, content, mode) in files)
            {
                using var data = new MemoryStream(Encoding.UTF8.GetBytes(content));
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data, Mode = mode });
            }
        }

        return stream.ToArray();
    }

    /// <summary>The description of a package with CUDA whose content is this one.</summary>
    public static ExtraPackage Cuda(byte[] package) => ExtraCatalog.Get(ExtraCatalog.Cuda, "linux-x64") with { Sha512 = Sha512(package) };

    public static string Sha512(byte[] package) => Convert.ToBase64String(SHA512.HashData(package));
}
