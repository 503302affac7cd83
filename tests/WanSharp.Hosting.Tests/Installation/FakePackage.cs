using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace WanSharp.Hosting.Tests.Installation;

/// <summary>Packages as a feed has them, made here.</summary>
internal static class FakePackage
{
    public const string Id = "Microsoft.ML.OnnxRuntime.Gpu.Linux";

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

    public static string Sha512(byte[] package) => Convert.ToBase64String(SHA512.HashData(package));
}
