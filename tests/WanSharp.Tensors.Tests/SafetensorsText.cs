using System.Text;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>Writes safetensors files whose headers may be wrong.</summary>
internal static class SafetensorsText
{
    /// <summary>Writes a safetensors file from its parts.</summary>
    /// <returns>Its path.</returns>
    public static string WriteSafetensors(
        this TemporaryFolder folder,
        string name,
        string header,
        int dataLength = 0,
        long? headerLength = null
    )
    {
        var json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(
            folder[name],
            [.. BitConverter.GetBytes(headerLength ?? json.Length), .. json, .. Enumerable.Range(1, dataLength).Select(i => (byte)i)]
        );
        return folder[name];
    }
}
