using WanSharp.Models.Loras;
using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Loras;

/// <summary>LoRA files whose numbers do not matter.</summary>
internal static class PlainLoras
{
    /// <summary>Writes tensors of one half each, and opens them as a LoRA.</summary>
    public static LoraFile Write(string path, params (string Name, long[] Shape)[] tensors)
    {
        var made = tensors.ToDictionary(
            tensor => tensor.Name,
            tensor =>
            {
                var halves = Tensor.Zeros(DType.F32, Shape.Create(tensor.Shape));
                halves.Write<float>().Fill(0.5f);
                return halves;
            }
        );
        SafetensorsWriter.Write(path, made);
        foreach (var tensor in made.Values)
        {
            tensor.Dispose();
        }

        return LoraFile.Open(path);
    }
}
