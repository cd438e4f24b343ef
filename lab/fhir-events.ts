/**
 * The 7 resources of the `fhir` kind, in the shape of FHIR R4 (hl7.org/fhir/R4) as
 * far as sizes and repetitions matter; not validated. See clinic-events.ts.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import {
  drugs,
  eventTypes,
  iso,
  note,
  staff,
  tenths,
  vaccines,
  villages,
} from "./clinic-records.ts";
import type { Clinic, Fields, Shape } from "./clinic-records.ts";
import { drawUuid } from "./random.ts";

const { registration, visit, laboratory, prescription, immunisation } = eventTypes;

const loinc = [
  ["8867-4", "Heart rate", "/min", 58, 118],
  ["8310-5", "Body temperature", "Cel", 36, 39],
  ["2708-6", "Oxygen saturation in Arterial blood", "%", 88, 99],
  ["29463-7", "Body weight", "kg", 9, 84],
  ["718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 8, 16],
] as const;

function coding(system: string, code: string, display: string): Fields {
  return { coding: [{ system, code, display }], text: display };
}

function resource(clinic: Clinic, resourceType: string, profile: string): Fields {
  return {
    resourceType,
    id: drawUuid(clinic.random),
    meta: {
      versionId: "1",
      lastUpdated: iso(clinic.nowMs),
      source: "urn:bhu:kabisa",
      profile: [`http://hl7.org/fhir/StructureDefinition/${profile}`],
      security: [
        {
          system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
          code: "N",
          display: "normal",
        },
      ],
    },
    text: {
      status: "generated",
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${resourceType}: ${note(clinic)}</p></div>`,
    },
  };
}

function reference(clinic: Clinic): Fields {
  const { patient } = clinic;
  return {
    reference: `Patient/${patient.uuid}`,
    identifier: { system: "https://health.gov.bt/patient", value: patient.id },
  };
}

function performer(random: SeededRandom): Fields[] {
  return [
    { reference: `Practitioner/${random.pick(staff)}`, display: "Health assistant, BHU Kabisa" },
  ];
}

function fhirIcd({ illness }: Clinic): Fields {
  return coding("http://hl7.org/fhir/sid/icd-10", illness.icd10, illness.text);
}

function component(random: SeededRandom): Fields {
  const [code, display, unit, low, high] = random.pick(loinc);
  return {
    code: coding("http://loinc.org", code, display),
    valueQuantity: {
      value: tenths(random, low, high),
      unit,
      system: "http://unitsofmeasure.org",
      code: unit,
    },
  };
}

/** The 7 resources of the `fhir` kind. */
export const fhirShapes: readonly Shape[] = [
  {
    type: visit,
    weight: 5,
    fields: (c, r) => ({
      ...resource(c, "Observation", "vitalsigns"),
      status: "final",
      category: [
        coding(
          "http://terminology.hl7.org/CodeSystem/observation-category",
          "vital-signs",
          "Vital Signs",
        ),
      ],
      code: coding(
        "http://loinc.org",
        "85353-1",
        "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel",
      ),
      subject: reference(c),
      effectiveDateTime: iso(c.nowMs),
      performer: performer(r),
      component: [component(r), component(r), component(r)],
    }),
  },
  {
    type: visit,
    weight: 3,
    fields: (c, r) => ({
      ...resource(c, "Encounter", "Encounter"),
      status: "finished",
      class: {
        system: "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        code: "AMB",
        display: "ambulatory",
      },
      subject: reference(c),
      participant: [
        {
          individual: performer(r)[0],
          period: { start: iso(c.nowMs), end: iso(c.nowMs + 900_000) },
        },
      ],
      period: { start: iso(c.nowMs), end: iso(c.nowMs + 1_200_000) },
      reasonCode: [fhirIcd(c), { text: note(c) }],
      diagnosis: [{ condition: { reference: `Condition/${drawUuid(r)}` }, rank: 1 }],
      serviceProvider: { reference: "Organization/bhu-kabisa", display: "BHU Kabisa, Punakha" },
    }),
  },
  {
    type: visit,
    weight: 3,
    fields: (c, r) => ({
      ...resource(c, "Condition", "Condition"),
      clinicalStatus: coding(
        "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "active",
        "Active",
      ),
      verificationStatus: coding(
        "http://terminology.hl7.org/CodeSystem/condition-ver-status",
        "confirmed",
        "Confirmed",
      ),
      severity: coding("http://snomed.info/sct", "255604002", "Mild"),
      code: fhirIcd(c),
      subject: reference(c),
      encounter: { reference: `Encounter/${drawUuid(r)}` },
      onsetDateTime: iso(c.nowMs - 172_800_000),
      recordedDate: iso(c.nowMs),
      recorder: performer(r)[0],
      note: [{ time: iso(c.nowMs), text: note(c) }],
    }),
  },
  {
    type: prescription,
    weight: 3,
    fields: (c, r) => {
      const [name, dose] = r.pick(drugs);
      return {
        ...resource(c, "MedicationRequest", "MedicationRequest"),
        status: "active",
        intent: "order",
        medicationCodeableConcept: coding(
          "https://health.gov.bt/edl",
          name.slice(0, 4).toUpperCase(),
          name,
        ),
        subject: reference(c),
        encounter: { reference: `Encounter/${drawUuid(r)}` },
        authoredOn: iso(c.nowMs),
        requester: performer(r)[0],
        reasonCode: [fhirIcd(c)],
        dosageInstruction: [
          {
            sequence: 1,
            text: dose,
            timing: { repeat: { frequency: r.between(1, 3), period: 1, periodUnit: "d" } },
            doseAndRate: [{ doseQuantity: { value: 1, unit: "dose" } }],
          },
        ],
        dispenseRequest: {
          quantity: { value: r.between(3, 30), unit: "tab" },
          expectedSupplyDuration: { value: r.between(3, 30), unit: "d" },
        },
      };
    },
  },
  {
    type: immunisation,
    weight: 2,
    fields: (c, r) => {
      const vaccine = r.pick(vaccines);
      return {
        ...resource(c, "Immunization", "Immunization"),
        status: "completed",
        vaccineCode: coding("http://hl7.org/fhir/sid/cvx", String(r.between(10, 140)), vaccine),
        patient: reference(c),
        encounter: { reference: `Encounter/${drawUuid(r)}` },
        occurrenceDateTime: iso(c.nowMs),
        primarySource: true,
        lotNumber: `VX${r.between(1000, 9999)}`,
        expirationDate: "2027-06-28",
        site: coding("http://terminology.hl7.org/CodeSystem/v3-ActSite", "LA", "left arm"),
        route: coding(
          "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration",
          "IM",
          "Injection, intramuscular",
        ),
        doseQuantity: { value: 0.5, unit: "ml" },
        performer: [{ actor: performer(r)[0] }],
        protocolApplied: [{ series: "EPI", doseNumberPositiveInt: r.between(1, 3) }],
        note: [{ text: note(c) }],
      };
    },
  },
  {
    type: laboratory,
    weight: 2,
    fields: (c, r) => ({
      ...resource(c, "DiagnosticReport", "DiagnosticReport"),
      status: "final",
      category: [coding("http://terminology.hl7.org/CodeSystem/v2-0074", "HM", "Hematology")],
      code: coding("http://loinc.org", "58410-2", "CBC panel - Blood by Automated count"),
      subject: reference(c),
      encounter: { reference: `Encounter/${drawUuid(r)}` },
      effectiveDateTime: iso(c.nowMs - 3_600_000),
      issued: iso(c.nowMs),
      performer: performer(r),
      contained: [
        { resourceType: "Observation", status: "final", ...component(r) },
        { resourceType: "Observation", status: "final", ...component(r) },
      ],
      conclusion: note(c),
    }),
  },
  {
    type: registration,
    weight: 1,
    fields: (c, r) => ({
      ...resource(c, "Patient", "Patient"),
      identifier: [
        {
          use: "official",
          system: "https://health.gov.bt/patient",
          value: `BT-${r.between(1, 99_999)}`,
        },
        {
          use: "secondary",
          system: "https://health.gov.bt/household",
          value: `HH-${r.between(1, 9_999)}`,
        },
      ],
      active: true,
      telecom: [
        {
          system: "phone",
          value: `+975 17 ${r.between(100_000, 999_999)}`,
          use: "mobile",
          rank: 1,
        },
      ],
      gender: r.pick(["female", "male"]),
      birthDate: `${r.between(1938, 2025)}-01-01`,
      address: [
        {
          use: "home",
          type: "physical",
          line: [`House ${r.between(1, 240)}`],
          village: r.pick(villages),
          district: "Punakha",
          state: "Punakha Dzongkhag",
          country: "BT",
          period: { start: "2019-03-01" },
        },
      ],
      contact: [
        {
          relationship: [
            coding("http://terminology.hl7.org/CodeSystem/v2-0131", "N", "Next-of-Kin"),
          ],
          telecom: [{ system: "phone", value: `+975 77 ${r.between(100_000, 999_999)}` }],
        },
      ],
      communication: [
        { language: coding("urn:ietf:bcp:47", "dz", "Dzongkha"), preferred: true },
        { language: coding("urn:ietf:bcp:47", "en", "English") },
      ],
      managingOrganization: {
        reference: "Organization/bhu-kabisa",
        display: "BHU Kabisa, Punakha",
      },
    }),
  },
];
