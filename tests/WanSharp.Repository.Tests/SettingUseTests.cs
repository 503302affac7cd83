using Mono.Cecil;
using WanSharp.Engine.Requests;

namespace WanSharp.Repository.Tests;

/// <summary>What a clip's settings say is read where the clip is made: a setting that is only planned and embedded does nothing.</summary>
public class SettingUseTests
{
    /// <summary>What carries settings about, whatever they are.</summary>
    private static readonly string[] Carriers = ["SettingFields", "GuidanceFields", "SettingsJson", "GenerationPlanner"];

    [Fact]
    public void EverySettingOfAClip_IsReadByTheEngine()
    {
        using var engine = AssemblyDefinition.ReadAssembly(typeof(GenerationSettings).Assembly.Location);
        var read =
            from type in engine.MainModule.GetTypes()
            where !Carriers.Contains(Outermost(type).Name)
            from method in type.Methods
            where method.HasBody && !IsOfTheRecord(method)
            from instruction in method.Body.Instructions
            let called = instruction.Operand as MethodReference
            where called?.DeclaringType.FullName == typeof(GenerationSettings).FullName
            select called.Name;
        var settings = typeof(ClipSettings).GetProperties().Select(property => property.Name).Where(IsEmbedded);

        // What a preset sets is in the other settings.
        Assert.Equal(
            [nameof(ClipSettings.Preset)],
            settings.Except(read.Select(name => name.Replace("get_", "", StringComparison.Ordinal)))
        );
    }

    private static bool IsEmbedded(string name) => typeof(GenerationSettings).GetProperty(name) is not null;

    /// <summary>What the compiler writes for a record, which reads all its properties.</summary>
    private static bool IsOfTheRecord(MethodDefinition method) =>
        method.DeclaringType.Name == nameof(GenerationSettings)
        && (method.IsConstructor || method.Name is "PrintMembers" or "Equals" or "GetHashCode" or "ToString");

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
