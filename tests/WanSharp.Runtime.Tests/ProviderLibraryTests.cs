using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

public sealed class ProviderLibraryTests
{
    [Fact]
    public void IsPresent_ProviderWithAFileOfItsOwn_DependsOnTheFile()
    {
        var folder = Directory.CreateTempSubdirectory("wan-providers");
        try
        {
            var library = Path.Combine(folder.FullName, "onnxruntime");
            Assert.False(ProviderLibrary.IsPresent("cuda", library));
            Assert.True(ProviderLibrary.IsPresent("webgpu", library));

            foreach (
                var name in (string[])
                    ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_cuda.dylib", "onnxruntime_providers_cuda.dll"]
            )
            {
                File.WriteAllText(Path.Combine(folder.FullName, name), "");
            }

            Assert.True(ProviderLibrary.IsPresent("cuda", library));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
