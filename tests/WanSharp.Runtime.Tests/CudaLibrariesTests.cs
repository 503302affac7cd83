using System.Buffers.Binary;
using System.Text;
using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

/// <summary>What providers need is read from their files: small ones made here, with the needs of ONNX Runtime's own.</summary>
public sealed class CudaLibrariesTests : IDisposable
{
    // `readelf -d` of Microsoft.ML.OnnxRuntime.Gpu.Linux 1.31.0; the system's own libraries are a part of it.
    private static readonly string[] OfCuda =
    [
        "libcublasLt.so.13",
        "libcublas.so.13",
        "libcurand.so.10",
        "libcudart.so.13",
        "libcuda.so.1",
        "libstdc++.so.6",
        "libc.so.6",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wan-elf-");

    public CudaLibrariesTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only libraries of Linux say what they need.");

    private string Library => Path.Combine(_folder.FullName, "libonnxruntime.so");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Missing_NothingLoads_NamesEachLibraryAndWhatBringsIt()
    {
        Write("cuda", Elf(OfCuda));

        var missing = CudaLibraries.Missing("cuda", Library, _ => false);

        Assert.Equal(
            [
                "cuBLAS (libcublasLt.so.13)",
                "cuBLAS (libcublas.so.13)",
                "cuRAND (libcurand.so.10)",
                "the CUDA runtime (libcudart.so.13)",
                "the NVIDIA driver (libcuda.so.1)",
                "cuDNN (libcudnn.so.9)",
            ],
            missing.Select(library => library.ToString())
        );
        Assert.Equal(
            "install libcublas-13-0, libcurand-13-0, cuda-cudart-13-0, NVIDIA's driver, 580 or newer for CUDA 13, cudnn9-cuda-13, "
                + MissingLibrary.Places,
            MissingLibrary.Remedy(missing)
        );
    }

    [Fact]
    public void Missing_AnOlderBuild_AsksForItsOwnVersions()
    {
        Write("cuda", Elf("libcublas.so.12", "libcudart.so.12", "libcudnn.so.9"));

        var missing = CudaLibraries.Missing("cuda", Library, name => name.EndsWith(".13", StringComparison.Ordinal));

        Assert.Equal(["libcublas.so.12", "libcudart.so.12", "libcudnn.so.9"], missing.Select(library => library.File));
        Assert.Equal("libcublas-12-0", missing[0].ToInstall);
    }

    [Fact]
    public void Missing_EverythingLoads_NamesNothing()
    {
        Write("cuda", Elf(OfCuda));

        Assert.Empty(CudaLibraries.Missing("cuda", Library, _ => true));
    }

    [Fact]
    public void Missing_OfTensorRt_IncludesWhatCudaNeeds()
    {
        Write("cuda", Elf(OfCuda));
        Write("tensorrt", Elf("libnvinfer.so.10", "libcudart.so.13"));

        var missing = CudaLibraries.Missing("tensorrt", Library, name => !name.Contains("nvinfer") && !name.Contains("curand"));

        Assert.Equal(["libcurand.so.10", "libnvinfer.so.10"], missing.Select(library => library.File));
    }

    [Fact]
    public void Missing_WithoutTheProvidersFile_IsNothing() => Assert.Empty(CudaLibraries.Missing("cuda", Library, _ => false));

    [Theory]
    [InlineData("openvino")]
    [InlineData("rocm")]
    [InlineData("dnnl")]
    public void Missing_OfAProviderForOtherDevices_AsksForNothingOfNvidias(string provider)
    {
        Write(provider, Elf("libopenvino.so.2026", "libc.so.6"));

        Assert.Empty(CudaLibraries.Missing(provider, Library, _ => false));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(-1)]
    [InlineData(-60)]
    public void Missing_AFileThatIsCutShort_IsTheProviderItself(int length)
    {
        var whole = Elf(OfCuda);
        Write("cuda", whole[..(length >= 0 ? length : whole.Length + length)]);

        Assert.Equal("the provider itself", Assert.Single(CudaLibraries.Missing("cuda", Library, _ => true)).What);
    }

    private void Write(string provider, byte[] content) => File.WriteAllBytes(ProviderLibrary.PathOf(provider, Library), content);

    /// <summary>The least that the loader would read: a header, two segments, a dynamic section, its strings.</summary>
    private static byte[] Elf(params string[] needed)
    {
        const ulong Address = 0x1000; // where the file is mapped
        var strings = new List<byte> { 0 };
        var entries = new List<(ulong Tag, ulong Value)>();
        foreach (var name in needed)
        {
            entries.Add((1, (ulong)strings.Count));
            strings.AddRange(Encoding.UTF8.GetBytes(name + "\0"));
        }

        const int Start = 64 + (2 * 56);
        var table = (ulong)(Start + ((entries.Count + 3) * 16));
        entries.AddRange([(5, Address + table), (10, (ulong)strings.Count), (0, 0)]);
        var file = new byte[table + (ulong)strings.Count];
        "\u007fELF\u0002\u0001"u8.CopyTo(file);
        Put(32, 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), 2);
        Segment(64, kind: 1, offset: 0, Address, (ulong)file.Length);
        Segment(64 + 56, kind: 2, Start, Address + Start, (ulong)(entries.Count * 16));
        for (var i = 0; i < entries.Count; i++)
        {
            Put(Start + (i * 16), entries[i].Tag);
            Put(Start + (i * 16) + 8, entries[i].Value);
        }

        strings.CopyTo(file, (int)table);
        return file;

        void Put(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(offset), value);

        void Segment(int at, uint kind, ulong offset, ulong address, ulong size)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), kind);
            Put(at + 8, offset);
            Put(at + 16, address);
            Put(at + 32, size);
        }
    }
}
