using Mono.Cecil;
using WanSharp.Engine.Requests;

namespace WanSharp.Repository.Tests;

/// <summary>What a clip's settings say is read where the clip is made: a setting that is only planned and embedded does nothing.</summary>
public class SettingUseTests
{
    /// <summary>What carries settings about, whatever they are.</summary>
    private static readonly string[] Carriers = ["GenerationPlanner", "SettingsJson"];

    [Fact]
    public void EverySettingOfAClip_IsReadByTheEngine()
    {
        using var engine = AssemblyDefinition.ReadAssembly(typeof(GenerationSettings).Assembly.Location);
        var types = engine.MainModule.GetTypes().ToList();
        var carriers = types.Where(MakesFields).Select(type => Outermost(type).Name).Concat(Carriers).ToHashSet(StringComparer.Ordinal);
        Assert.Subset(types.Select(type => type.Name).ToHashSet(StringComparer.Ordinal), carriers);
        Assert.Contains(nameof(SettingFields), carriers);

        var read =
            from type in types
            where !carriers.Contains(Outermost(type).Name)
            from method in type.Methods
            where method.HasBody && !IsOfTheRecord(method)
            from instruction in method.Body.Instructions
            let called = instruction.Operand as MethodReference
            where called is not null && IsOfSettings(called.DeclaringType, type)
            select called.Name;
        var settings = typeof(ClipSettings).GetProperties().Select(property => property.Name).Where(IsEmbedded);

        // What a preset sets is in the other settings.
        Assert.Equal(
            [nameof(ClipSettings.Preset)],
            settings.Except(read.Select(name => name.Replace("get_", "", StringComparison.Ordinal)))
        );
    }

    /// <summary>Whether a clip's settings are read, or the request, by what makes a plan of its own of them.</summary>
    private static bool IsOfSettings(TypeReference declaring, TypeDefinition reader) =>
        declaring.Name == nameof(GenerationSettings)
        || (declaring.Name == nameof(ClipSettings) && Outermost(reader).Name is "ControlPlan" or "CameraPlan");

    /// <summary>Whether a type has rows of the table of settings: they read a setting to copy, print or store it.</summary>
    private static bool MakesFields(TypeDefinition type) =>
        type.Methods.Any(method =>
            method.HasBody
            && method.Body.Instructions.Any(instruction =>
                instruction.Operand
                    is MethodReference { DeclaringType.Name: "FieldForms" }
                        or MethodReference { DeclaringType.Name: nameof(SettingField), Name: ".ctor" }
            )
        );

    private static bool IsEmbedded(string name) => typeof(GenerationSettings).GetProperty(name) is not null;

    /// <summary>What the compiler writes for a record, which reads all its properties.</summary>
    private static bool IsOfTheRecord(MethodDefinition method) =>
        method.DeclaringType.Name == nameof(GenerationSettings)
        && (method.IsConstructor || method.Name is "PrintMembers" or "Equals" or "GetHashCode" or "ToString");

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
